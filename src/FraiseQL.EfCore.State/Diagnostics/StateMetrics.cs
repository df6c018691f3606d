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
