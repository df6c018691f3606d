using System.Diagnostics;
using System.Text.Json;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>The activities of this library. Where nobody listens to the source, each costs one look at a field. Never a key, a parameter or a payload.</summary>
internal static class StateActivities
{
    private static readonly ActivitySource s_source = new(FraiseQLStateDiagnostics.ActivitySourceName);

    private const int MostLinks = 32;

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

    /// <summary>Whether anybody wants to know of anything: what writers say of their traces is read from the log only then.</summary>
    public static bool AreWanted => s_source.HasListeners();

    /// <summary>Cached results end by a commit of this node: part of the writer's trace.</summary>
    public static Activity? Invalidating(string source)
        => s_source.HasListeners() ? s_source.StartActivity("fraiseql.cache.invalidate")?.SetTag("source", source).SetTag("fraiseql.cache.changes", 1) : null;

    /// <summary>Cached results end by changes that were read from the log: a piece of work for many writers, linked to their traces.</summary>
    public static Activity? Invalidating(string source, IReadOnlyList<ChangeRecord> changes)
        => s_source.HasListeners()
            ? s_source.StartActivity("fraiseql.cache.invalidate", ActivityKind.Consumer, default(ActivityContext), links: LinksTo(changes))
                ?.SetTag("source", source).SetTag("fraiseql.cache.changes", changes.Count)
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

    private static List<ActivityLink>? LinksTo(IReadOnlyList<ChangeRecord> changes)
    {
        HashSet<ActivityContext>? writers = null;
        string? last = null;
        foreach (var change in changes)
        {
            // Those of one transaction follow each other.
            if (change.Context is not { } said || said == last)
            {
                continue;
            }

            last = said;
            if (WriterOf(said) is { } writer && (writers ??= []).Add(writer) && writers.Count == MostLinks)
            {
                break;
            }
        }

        return writers?.Select(writer => new ActivityLink(writer)).ToList();
    }

    private static ActivityContext? WriterOf(string said)
    {
        try
        {
            using var document = JsonDocument.Parse(said);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("traceparent", out var parent)
                && parent.ValueKind == JsonValueKind.String && ActivityContext.TryParse(parent.GetString(), null, isRemote: true, out var writer) ? writer : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
