using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State;

/// <summary>
/// How the queries of one kind are cached: an entry of <c>Cache:Profiles</c>, used by <c>.Cacheable("name")</c> and
/// <c>HasCacheProfile("name")</c>. What is <see langword="null"/> is left to the entity or the defaults.
/// </summary>
/// <remarks>Settable until the host starts; read-only afterwards. Not thread-safe while being set.</remarks>
public sealed class CacheProfileOptions
{
    /// <summary>How long a result may be served, at both levels: more than zero, at most 365 days.</summary>
    public TimeSpan? Ttl { get; set; }

    /// <summary>How long a result stays in this process's memory, when that differs.</summary>
    public TimeSpan? L1Ttl { get; set; }

    /// <summary>How long a result stays on the shared server, when that differs.</summary>
    public TimeSpan? L2Ttl { get; set; }

    /// <summary>Whether each user has results of their own (<c>VaryByUser</c>).</summary>
    public bool? PerUser { get; set; }

    /// <summary>How long a miss may take; one that takes longer is logged as a warning and counted.</summary>
    public TimeSpan? MissBudget { get; set; }

    /// <summary>How old rows may be that are served while the database cannot be reached; <see langword="null"/> serves none.</summary>
    public TimeSpan? FailSafe { get; set; }

    /// <summary>Ends a result that nobody has asked for during this time. This process's memory only.</summary>
    public TimeSpan? Sliding { get; set; }

    /// <summary>How long before the end of the time to live a result in demand is read anew.</summary>
    public TimeSpan? RefreshAhead { get; set; }

    /// <summary>Until when a result is served beyond its time to live, as long as the event log proves it: <c>.Cacheable(o =&gt; o.WhileProven(…))</c>.</summary>
    public TimeSpan? WhileProven { get; set; }

    /// <summary>How old an answer may be; <see langword="null"/> for the entity's or <c>Consistency:Default</c>.</summary>
    public ConsistencyLevel? Consistency { get; set; }

    /// <summary>
    /// The bound of <see cref="ConsistencyLevel.BoundedStaleness"/>, which it implies: at least twice <c>Cdc:IdlePollInterval</c>;
    /// <see langword="null"/> for <c>Consistency:MaxStaleness</c>.
    /// </summary>
    public TimeSpan? MaxStaleness { get; set; }

    /// <summary>Why these queries may be cached so: for the reader of the configuration, and for EXPLAIN.</summary>
    public string? Reason { get; set; }

    internal CacheableOptions ToOptions() => new()
    {
        Ttl = Ttl,
        L1Ttl = L1Ttl,
        L2Ttl = L2Ttl,
        PerUser = PerUser,
        MissBudget = MissBudget,
        FailSafe = FailSafe,
        Sliding = Sliding,
        RefreshAhead = RefreshAhead,
        WhileProven = WhileProven,
        Level = Consistency ?? (MaxStaleness is null ? null : ConsistencyLevel.BoundedStaleness),
        MaxStaleness = MaxStaleness,
    };
}
