namespace FraiseQL.EfCore.State;

/// <summary>What became of the cacheable queries of one context type on this node since it started: <see cref="IStateCache.GetStatistics"/>.</summary>
/// <remarks>An immutable snapshot. Counting allocates nothing and is bounded: the first 512 queries have figures of their own.</remarks>
public sealed class CacheStatistics
{
    internal CacheStatistics()
    {
    }

    /// <summary>Every query, the one with the most requests first.</summary>
    public required IReadOnlyList<QueryStatistics> Queries { get; init; }

    /// <summary>Executions that memory answered.</summary>
    public long L1Hits => Queries.Sum(q => q.L1Hits);

    /// <summary>Executions that the shared server answered.</summary>
    public long L2Hits => Queries.Sum(q => q.L2Hits);

    /// <summary>Executions that were answered with what was declared to be allowed to be stale.</summary>
    public long StaleHits => Queries.Sum(q => q.StaleHits);

    /// <summary>Executions that the database answered, and that were cached.</summary>
    public long Misses => Queries.Sum(q => q.Misses);

    /// <summary>Executions that the database answered, and that were not cached.</summary>
    public long Bypasses => Queries.Sum(q => q.Bypasses);

    /// <summary>The share of executions that a cache answered, from 0 to 1; 0 before the first.</summary>
    public double HitRatio => Queries.Sum(q => q.Requests) is var all and > 0 ? (double)(L1Hits + L2Hits + StaleHits) / all : 0;

    /// <summary>Results in memory.</summary>
    public long Entries { get; init; }

    /// <summary>Bytes that they take.</summary>
    public long Bytes { get; init; }

    /// <summary>Changes that were applied: of this node's own commits, and of those that were read from the event log.</summary>
    public long Invalidations { get; init; }
}
