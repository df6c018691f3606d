using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Statistics;

/// <summary>What became of the executions of one query, whatever its parameters.</summary>
/// <remarks>
/// Thread-safe. A hit in memory is counted on a cache line that few other threads write, and summed when somebody asks; everything else has been
/// to a server and may count where all do.
/// </remarks>
internal sealed class QueryTally
{
    private const int Line = 8; // longs
    private const int MostReasons = 32;

    private static readonly int s_mask = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(2 * Environment.ProcessorCount, 8, 32)) - 1;

    private readonly QueryTallies _all;
    private readonly long[] _hits = new long[(s_mask + 2) * Line];
    private readonly long[] _served = new long[6];
    private readonly long[] _timed = new long[6];
    private readonly long[] _nanoseconds = new long[6];
    private readonly ConcurrentDictionary<string, StrongBox<long>> _reasons = new(StringComparer.Ordinal);
    private readonly WeakReference<QueryPlan>? _plan;
    private ValueHistogram? _ages; // milliseconds
    private long _ended;
    private long _expired;
    private long _bytes;
    private long _entries;
    private long _rows;

    public QueryTally(QueryTallies all, string id, QueryPlan? plan, EffectivePolicy? policy)
    {
        _all = all;
        Id = id;
        Policy = policy;
        _plan = plan is null ? null : new WeakReference<QueryPlan>(plan);
        (Tag, Text) = plan is null ? (null, null) : QueryLabel.Of(plan.Sql);
    }

    /// <summary>The same on every node that runs the same query under the same name.</summary>
    public string Id { get; }

    /// <summary>What applied to the last execution that was seen first here; <see langword="null"/> for the queries that found no room.</summary>
    public EffectivePolicy? Policy { get; set; }

    /// <summary>The first line of the query's tags.</summary>
    public string? Tag { get; }

    /// <summary>The SQL without any literal.</summary>
    public string? Text { get; }

    /// <summary>What EF has compiled, as long as it keeps it.</summary>
    public QueryPlan? Plan => _plan is not null && _plan.TryGetTarget(out var plan) ? plan : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Served(CacheOutcome outcome)
    {
        if (outcome == CacheOutcome.L1Hit)
        {
            Interlocked.Increment(ref _hits[((Environment.CurrentManagedThreadId & s_mask) + 1) * Line]);
        }
        else
        {
            Interlocked.Increment(ref _served[(int)outcome]);
        }
    }

    public void Took(CacheOutcome outcome, TimeSpan time)
    {
        var nanoseconds = (long)time.TotalNanoseconds;
        Interlocked.Increment(ref _timed[(int)outcome]);
        Interlocked.Add(ref _nanoseconds[(int)outcome], nanoseconds);
        _all.Took(outcome, nanoseconds);
    }

    /// <summary>The cache took no part in an execution, or did not keep what it read.</summary>
    public void Because(string reason)
    {
        if (_reasons.TryGetValue(reason, out var count) || (_reasons.Count < MostReasons && (count = _reasons.GetOrAdd(reason, static _ => new())) is not null))
        {
            Interlocked.Increment(ref count.Value);
        }
    }

    /// <summary>A change has ended an entry, as the next one who asked for it has found.</summary>
    public void Ended(TimeSpan age)
    {
        Interlocked.Increment(ref _ended);
        LazyInitializer.EnsureInitialized(ref _ages).Add((long)age.TotalMilliseconds);
    }

    /// <summary>The time of an entry was over, and nobody had found it changed.</summary>
    public void Expired() => Interlocked.Increment(ref _expired);

    public void Holds(long bytes, int rows)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _rows, rows);
        Interlocked.Increment(ref _entries);
    }

    public void Grows(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Releases(long bytes, int rows)
    {
        Interlocked.Add(ref _bytes, -bytes);
        Interlocked.Add(ref _rows, -rows);
        Interlocked.Decrement(ref _entries);
    }

    /// <summary>Executions by where their rows came from.</summary>
    public long Count(CacheOutcome outcome)
    {
        if (outcome != CacheOutcome.L1Hit)
        {
            return Volatile.Read(ref _served[(int)outcome]);
        }

        long sum = 0;
        for (var i = Line; i < _hits.Length; i += Line)
        {
            sum += Volatile.Read(ref _hits[i]);
        }

        return sum;
    }

    public QueryStatistics Read(bool hasListener)
    {
        var ages = Volatile.Read(ref _ages);
        var ended = Volatile.Read(ref _ended);
        var policy = Policy;
        var read = new QueryStatistics
        {
            Id = Id,
            Name = policy?.Name ?? Tag,
            Text = Text,
            L1Hits = Count(CacheOutcome.L1Hit),
            L2Hits = Count(CacheOutcome.L2Hit),
            StaleHits = Count(CacheOutcome.Stale),
            Misses = Count(CacheOutcome.Miss),
            Bypasses = Count(CacheOutcome.Bypass),
            BypassReasons = _reasons.ToDictionary(r => r.Key, r => Volatile.Read(ref r.Value.Value), StringComparer.Ordinal),
            Entries = Math.Max(0, Volatile.Read(ref _entries)),
            Bytes = Math.Max(0, Volatile.Read(ref _bytes)),
            Rows = Math.Max(0, Volatile.Read(ref _rows)),
            AverageHit = Average(CacheOutcome.L1Hit),
            AverageMiss = Average(CacheOutcome.Miss),
            EndedByChange = ended,
            Expired = Volatile.Read(ref _expired),
            AverageAgeAtChange = ages is null || ended == 0 ? null : TimeSpan.FromMilliseconds(ages.Sum / (double)ended),
            MedianAgeAtChange = ages is null || ValueHistogram.Percentile(ages.Counts(), 0.5) is not { } median ? null : TimeSpan.FromMilliseconds(median),
            Ttl = policy?.LongestTtl,
        };
        var (suggestion, advice) = TtlAdvice.For(read, policy, hasListener);
        return read with { SuggestedTtl = suggestion, Advice = advice };
    }

    private TimeSpan? Average(CacheOutcome outcome)
        => Volatile.Read(ref _timed[(int)outcome]) is var count and > 0
            ? TimeSpan.FromMicroseconds(Volatile.Read(ref _nanoseconds[(int)outcome]) / 1000.0 / count)
            : null;
}
