namespace FraiseQL.EfCore.State;

/// <summary>What became of the executions of one query on this node since it started, whatever its parameters.</summary>
/// <remarks>An immutable snapshot; its figures are read one after another, and may differ by what happened meanwhile.</remarks>
public sealed record QueryStatistics
{
    internal QueryStatistics()
    {
    }

    /// <summary>Identifies the query: the same on every node that runs the same SQL under the same name.</summary>
    public required string Id { get; init; }

    /// <summary>The name from <c>Cacheable(o =&gt; o.Named("…"))</c>, else the first line of <c>TagWith</c>; <see langword="null"/> without either.</summary>
    public string? Name { get; init; }

    /// <summary>The SQL without any literal or parameter value, at most 2 000 characters; <see langword="null"/> for queries that are counted together.</summary>
    public string? Text { get; init; }

    /// <summary>Executions that memory answered.</summary>
    public long L1Hits { get; init; }

    /// <summary>Executions that the shared server answered.</summary>
    public long L2Hits { get; init; }

    /// <summary>Executions that were answered with what was declared to be allowed to be stale.</summary>
    public long StaleHits { get; init; }

    /// <summary>Executions that the database answered, and that were cached.</summary>
    public long Misses { get; init; }

    /// <summary>Executions that the database answered, and that were not cached.</summary>
    public long Bypasses { get; init; }

    /// <summary>Why they were not, by stable codes as those of <c>ToCacheExplainString()</c>.</summary>
    public IReadOnlyDictionary<string, long> BypassReasons { get; init; } = new Dictionary<string, long>();

    /// <summary>All executions.</summary>
    public long Requests => L1Hits + L2Hits + StaleHits + Misses + Bypasses;

    /// <summary>The share of executions that a cache answered, from 0 to 1; 0 before the first.</summary>
    public double HitRatio => Requests == 0 ? 0 : (double)(L1Hits + L2Hits + StaleHits) / Requests;

    /// <summary>Results of the query that are in memory now.</summary>
    public long Entries { get; init; }

    /// <summary>Bytes that they take.</summary>
    public long Bytes { get; init; }

    /// <summary>Rows of the root query in them.</summary>
    public long Rows { get; init; }

    /// <summary>The time of a hit in memory: of a sample of one in 64; <see langword="null"/> before one was sampled, and for compiled shared results.</summary>
    public TimeSpan? AverageHit { get; init; }

    /// <summary>The time of a miss, from the command to its rows; <see langword="null"/> before the first.</summary>
    public TimeSpan? AverageMiss { get; init; }

    /// <summary>Results that were asked for again and had been ended by a change.</summary>
    public long EndedByChange { get; init; }

    /// <summary>Results whose time to live was over before a change was found.</summary>
    public long Expired { get; init; }

    /// <summary>How old those were that a change ended, when it did; <see langword="null"/> before the first.</summary>
    public TimeSpan? AverageAgeAtChange { get; init; }

    /// <summary>The age that half of them had not reached; within a fifth. <see langword="null"/> before the first.</summary>
    public TimeSpan? MedianAgeAtChange { get; init; }

    /// <summary>The time to live, the longer one where the levels have their own; <see langword="null"/> for queries that are counted together.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>A better time to live, or the same where it fits; <see langword="null"/> where the figures say nothing about it.</summary>
    public TimeSpan? SuggestedTtl { get; init; }

    /// <summary>Why, as a sentence for people.</summary>
    public string Advice { get; init; } = "";
}
