using System.Collections.Concurrent;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What the author of a query asked for; what is <see langword="null"/> is left to the profile, the entity or the defaults. Immutable.</summary>
internal sealed record CacheableOptions
{
    // Each value that is part of a query's tree makes EF compile the query once more; a program has a few of them in its source.
    private const int MostInterned = 64;

    private static readonly ConcurrentDictionary<TimeSpan, CacheableOptions> s_byTtl = new();
    private static readonly ConcurrentDictionary<CacheableOptions, CacheableOptions> s_interned = new();

    public static CacheableOptions Default { get; } = new();

    /// <summary>The mark of <c>.NotCacheable()</c>.</summary>
    public static CacheableOptions Never { get; } = new() { IsNever = true };

    public bool IsNever { get; init; }

    public TimeSpan? Ttl { get; init; }

    public TimeSpan? L1Ttl { get; init; }

    public TimeSpan? L2Ttl { get; init; }

    public string? Profile { get; init; }

    public string? Name { get; init; }

    public bool? PerUser { get; init; }

    public TimeSpan? FailSafe { get; init; }

    public TimeSpan? Sliding { get; init; }

    public TimeSpan? RefreshAhead { get; init; }

    public TimeSpan? MissBudget { get; init; }

    public TimeSpan? WhileProven { get; init; }

    public ConsistencyLevel? Level { get; init; }

    public TimeSpan? MaxStaleness { get; init; }

    public bool OwnWritesToo { get; init; }

    /// <summary>Whether only what is declared ends a result, and not a change of the tables that the query reads.</summary>
    public bool IgnoresOwnTables { get; init; }

    public InvalidationStrategy? Strategy { get; init; }

    public EquatableSet<string> Tags { get; init; }

    public EquatableSet<Type> DependsOn { get; init; }

    /// <summary>
    /// The one instance for these options if they may be part of a query's tree, where they cost nothing; <see langword="null"/> when they
    /// have values that belong to one execution (tags), or when there are too many of them.
    /// </summary>
    public CacheableOptions? Interned()
        => ReferenceEquals(this, Default) || ReferenceEquals(this, Never) ? this
            : Tags.Count > 0 ? null
            : s_interned.TryGetValue(this, out var known) ? known
            : s_interned.Count < MostInterned ? s_interned.GetOrAdd(this, this)
            : null;

    /// <inheritdoc cref="Interned"/>
    public static CacheableOptions? InternedFor(TimeSpan ttl)
        => s_byTtl.TryGetValue(ttl, out var known) ? known
            : s_byTtl.Count < MostInterned ? s_byTtl.GetOrAdd(ttl, static t => new CacheableOptions { Ttl = t })
            : null;
}

/// <summary>A few values in which the order does not matter, equal when their members are. Immutable.</summary>
internal readonly struct EquatableSet<T>(IEnumerable<T> values) : IEquatable<EquatableSet<T>>
    where T : notnull
{
    private readonly T[]? _values = [.. values.Distinct()];

    public int Count => _values?.Length ?? 0;

    public ReadOnlySpan<T> Values => _values;

    public EquatableSet<T> With(IEnumerable<T> more) => new([.. Values, .. more]);

    public bool Equals(EquatableSet<T> other)
    {
        if (Count != other.Count)
        {
            return false;
        }

        foreach (var value in Values)
        {
            if (!other.Values.Contains(value))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => obj is EquatableSet<T> other && Equals(other);

    public override int GetHashCode()
    {
        var hash = Count;
        foreach (var value in Values)
        {
            hash ^= value.GetHashCode();
        }

        return hash;
    }
}
