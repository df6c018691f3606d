using System.Diagnostics;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>The activities of this library. Where nobody listens to the source, each costs one look at a field. Never a key, a parameter or a payload.</summary>
internal static class StateActivities
{
    private static readonly ActivitySource s_source = new(FraiseQLStateDiagnostics.ActivitySourceName);

    private static readonly string[] s_results = ["none", "hit_l1", "hit_l2", "miss", "bypass", "stale"];

    /// <summary>Says where the rows of a cacheable query came from. A hit takes too little time to be worth a duration.</summary>
    public static void LookedUp(string query, CacheOutcome outcome)
    {
        if (s_source.HasListeners())
        {
            using var activity = s_source.StartActivity("fraiseql.cache.lookup");
            activity?.SetTag("fraiseql.cache.query", query).SetTag("fraiseql.cache.request.result", s_results[(int)outcome]);
        }
    }

    /// <summary>Cached results end, by a commit of this node or by changes that were read from the log.</summary>
    public static Activity? Invalidating(string source, int changes)
        => s_source.HasListeners()
            ? s_source.StartActivity("fraiseql.cache.invalidate")?.SetTag("source", source).SetTag("fraiseql.cache.changes", changes)
            : null;

    /// <summary>A page of the log is given to the handlers of a group.</summary>
    public static Activity? Dispatching(string group, int changes)
        => s_source.HasListeners() && changes > 0
            ? s_source.StartActivity("fraiseql.dispatch")?.SetTag("fraiseql.handlers.group", group).SetTag("fraiseql.dispatch.changes", changes)
            : null;

    /// <summary>The handlers of one event run: part of the trace of the write, if it had one.</summary>
    public static Activity? Delivering(string group, string type, string? traceParent)
    {
        if (!s_source.HasListeners())
        {
            return null;
        }

        // What the writer said may be anything, and what is current here is whatever the lane was begun in.
        Activity.Current = null;
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var writer);
        return s_source.StartActivity("fraiseql.deliver " + type, ActivityKind.Consumer, writer)
            ?.SetTag("fraiseql.handlers.group", group).SetTag("fraiseql.event.type", type);
    }
}
