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
        "fraiseql.cache.invalidations", "{change}", "Changes applied to the dependency cells, by where they came from.");

    private static readonly Counter<long> s_rejections = s_meter.CreateCounter<long>(
        "fraiseql.cache.rejections", "{result}", "Results that were read and not kept, by reason.");

    private static readonly Counter<long> s_missBudget = s_meter.CreateCounter<long>(
        "fraiseql.cache.miss_budget_exceeded", "{request}", "Misses that took longer than their budget, by profile.");

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

    public static void Requested(CacheOutcome outcome)
    {
        if (s_requests.Enabled)
        {
            s_requests.Add(1, s_results[(int)outcome]);
        }
    }

    /// <summary>The start of an execution, if somebody wants its time to be known.</summary>
    public static long Started() => s_requestDuration.Enabled ? TimeProvider.System.GetTimestamp() : 0;

    public static void Took(CacheOutcome outcome, long started)
    {
        if (started != 0)
        {
            s_requestDuration.Record(TimeProvider.System.GetElapsedTime(started).TotalSeconds, s_results[(int)outcome]);
        }
    }

    public static void Bypassed(string reason)
    {
        if (s_bypasses.Enabled)
        {
            s_bypasses.Add(1, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public static void Rejected(string reason)
    {
        if (s_rejections.Enabled)
        {
            s_rejections.Add(1, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public static void MissBudgetExceeded(string? profile)
    {
        if (s_missBudget.Enabled)
        {
            s_missBudget.Add(1, new KeyValuePair<string, object?>("profile", profile ?? "none"));
        }
    }

    public static void Invalidated(string source, long changes)
    {
        if (s_invalidations.Enabled)
        {
            s_invalidations.Add(changes, new KeyValuePair<string, object?>("source", source));
        }
    }
}
