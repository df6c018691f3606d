using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Statistics;

/// <summary>The tallies of all queries of one context type in one application, and of what the listener told it.</summary>
/// <remarks>Thread-safe. Holds at most <see cref="MostQueries"/>; those that come later are counted together.</remarks>
internal sealed class QueryTallies
{
    public const int MostQueries = 512;

    /// <summary>The id of those that found no room.</summary>
    public const string Others = "others";

    // One hit of so many is timed; of fewer while somebody looks.
    private const int Seldom = 63;
    private const int Often = 7;

    private static int s_sampling = Seldom;
    private static int s_watchers;

    [ThreadStatic]
    private static int t_executions;

    private readonly ConcurrentDictionary<string, QueryTally> _tallies = new(StringComparer.Ordinal);
    private readonly ValueHistogram[] _times = [new(), new(), new(), new(), new(), new()]; // nanoseconds, by outcome
    private long _invalidations;
    private long _changes;

    /// <summary>Changes that were applied to the dependency cells.</summary>
    public long Invalidations => Volatile.Read(ref _invalidations);

    /// <summary>Changes that the listener has read.</summary>
    public long Changes => Volatile.Read(ref _changes);

    public IEnumerable<QueryTally> All => _tallies.Values;

    /// <summary>Whether this execution is one of those that are timed.</summary>
    public static bool Samples() => (++t_executions & s_sampling) == 0;

    /// <summary>More hits are timed until <see cref="Unwatch"/>.</summary>
    public static void Watch() => s_sampling = Interlocked.Increment(ref s_watchers) > 0 ? Often : Seldom;

    /// <inheritdoc cref="Watch"/>
    public static void Unwatch() => s_sampling = Interlocked.Decrement(ref s_watchers) > 0 ? Often : Seldom;

    public QueryTally Find(QueryPlan plan, EffectivePolicy policy)
    {
        var id = IdOf(plan, policy.Name);
        if (!_tallies.TryGetValue(id, out var tally))
        {
            tally = _tallies.Count < MostQueries
                ? _tallies.GetOrAdd(id, new QueryTally(this, id, plan, policy))
                : _tallies.GetOrAdd(Others, static (others, all) => new QueryTally(all, others, null, null), this);
        }

        if (tally.Policy is not null)
        {
            tally.Policy = policy;
        }

        return tally;
    }

    public QueryTally? Find(string id) => _tallies.GetValueOrDefault(id);

    public void Took(CacheOutcome outcome, long nanoseconds) => _times[(int)outcome].Add(nanoseconds);

    /// <summary>How long executions took, in nanoseconds; of hits in memory, those that were sampled.</summary>
    public ValueHistogram TimesOf(CacheOutcome outcome) => _times[(int)outcome];

    public void Invalidated(int changes) => Interlocked.Add(ref _invalidations, changes);

    public void Received(int changes) => Interlocked.Add(ref _changes, changes);

    public CacheStatistics Read(bool hasListener, long bytes, int entries)
    {
        var queries = _tallies.Values.Select(t => t.Read(hasListener)).OrderByDescending(q => q.Requests).ThenBy(q => q.Id, StringComparer.Ordinal).ToList();
        return new CacheStatistics { Queries = queries, Bytes = bytes, Entries = entries, Invalidations = Invalidations };
    }

    private static string IdOf(QueryPlan plan, string? name)
        => name is null ? plan.ShortId : $"{plan.ShortId}-{XxHash32.HashToUInt32(MemoryMarshal.AsBytes(name.AsSpan())):x8}";
}
