using System.Diagnostics.Metrics;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>The instruments. Attributes come from bounded sets only: never a key, a parameter or a payload.</summary>
internal static partial class StateMetrics
{
    private static readonly Meter s_meter = StateMeter.Instance;

    private static readonly Counter<long> s_requests = s_meter.CreateCounter<long>(
        "fraiseql.cache.requests", "{request}", "Executions of cacheable queries by where their rows came from.");

    private static readonly Counter<long> s_bypasses = s_meter.CreateCounter<long>(
        "fraiseql.cache.bypasses", "{request}", "Executions of cacheable queries that did not use the cache, by reason.");

    private static readonly Counter<long> s_invalidations = s_meter.CreateCounter<long>(
        "fraiseql.cache.invalidations", "{change}", "Changes that ended cached results that depend on them, by where they came from and by entity.");

    private static readonly Counter<long> s_rejections = s_meter.CreateCounter<long>(
        "fraiseql.cache.rejections", "{result}", "Results that were read and not kept, by reason.");

    private static readonly Counter<long> s_missBudget = s_meter.CreateCounter<long>(
        "fraiseql.cache.miss_budget_exceeded", "{request}", "Misses that took longer than their budget, by profile.");

    private static readonly Counter<long> s_fenced = s_meter.CreateCounter<long>(
        "fraiseql.cache.fenced_fills", "{fill}", "Results that a change had ended while they were read: they are never served to anybody else.");

    private static readonly Histogram<double> s_entryTtl = s_meter.CreateHistogram(
        "fraiseql.cache.entry.ttl",
        "s",
        "Times to live of results when they are stored, by profile.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 14_400, 86_400, 604_800] });

    private static readonly Histogram<long> s_entrySize = s_meter.CreateHistogram(
        "fraiseql.cache.entry.size",
        "By",
        "Bytes of results in memory when they are stored.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304] });

    private static readonly Histogram<double> s_requestDuration = s_meter.CreateHistogram(
        "fraiseql.cache.request.duration",
        "s",
        "Time from the execution of a cacheable query's command to its rows, by where they came from.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1],
        });

    private static readonly KeyValuePair<string, object?>[] s_results =
    [
        new("fraiseql.cache.request.result", "none"),
        new("fraiseql.cache.request.result", "hit_l1"),
        new("fraiseql.cache.request.result", "hit_l2"),
        new("fraiseql.cache.request.result", "miss"),
        new("fraiseql.cache.request.result", "bypass"),
        new("fraiseql.cache.request.result", "stale"),
    ];

    /// <summary>Whether somebody wants to know of fills that were overtaken: finding out costs a check.</summary>
    public static bool CountsFencedFills => s_fenced.Enabled;

    /// <summary>Whether somebody wants to know which entities ended results.</summary>
    public static bool CountsInvalidations => s_invalidations.Enabled;

    public static void Requested(CacheOutcome outcome, in KeyValuePair<string, object?> context)
    {
        if (s_requests.Enabled)
        {
            s_requests.Add(1, s_results[(int)outcome], context);
        }
    }

    /// <summary>The start of an execution, if somebody wants its time to be known.</summary>
    public static long Started() => s_requestDuration.Enabled ? TimeProvider.System.GetTimestamp() : 0;

    public static void Took(CacheOutcome outcome, long started, in KeyValuePair<string, object?> context)
    {
        if (started != 0)
        {
            s_requestDuration.Record(TimeProvider.System.GetElapsedTime(started).TotalSeconds, s_results[(int)outcome], context);
        }
    }

    public static void Bypassed(string reason, in KeyValuePair<string, object?> context)
    {
        if (s_bypasses.Enabled)
        {
            s_bypasses.Add(1, new KeyValuePair<string, object?>("reason", reason), context);
        }
    }

    public static void Rejected(string reason, in KeyValuePair<string, object?> context)
    {
        if (s_rejections.Enabled)
        {
            s_rejections.Add(1, new KeyValuePair<string, object?>("reason", reason), context);
        }
    }

    public static void MissBudgetExceeded(string? profile, in KeyValuePair<string, object?> context)
    {
        if (s_missBudget.Enabled)
        {
            s_missBudget.Add(1, new KeyValuePair<string, object?>("profile", profile ?? "none"), context);
        }
    }

    /// <summary>A result was stored.</summary>
    public static void Stored(TimeSpan ttl, long bytes, string? profile, in KeyValuePair<string, object?> context)
    {
        if (s_entryTtl.Enabled)
        {
            s_entryTtl.Record(ttl.TotalSeconds, new KeyValuePair<string, object?>("profile", profile ?? "none"), context);
        }

        if (s_entrySize.Enabled)
        {
            s_entrySize.Record(bytes, context);
        }
    }

    /// <summary>A result was stored, and is of no use to anybody any more.</summary>
    public static void Fenced(in KeyValuePair<string, object?> context) => s_fenced.Add(1, context);

    /// <param name="source"><c>local</c>: a commit of this node, before the log told it; <c>listener</c>: a change in the log; <c>replay</c>: one of before the start;
    /// <c>manual</c>: a call to invalidate on this node, before the log told it.</param>
    /// <param name="entity">The model's name of what was changed; <c>cache</c> for a call to invalidate, <c>other</c> for what is not of the model or not known.</param>
    /// <param name="changes">How many.</param>
    /// <param name="context">The context.</param>
    public static void Invalidated(string source, string entity, long changes, in KeyValuePair<string, object?> context)
    {
        if (s_invalidations.Enabled)
        {
            s_invalidations.Add(changes, new KeyValuePair<string, object?>("source", source), new("entity", entity), context);
        }
    }
}
