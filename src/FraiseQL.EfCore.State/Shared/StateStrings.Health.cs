using System.Globalization;

namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string HealthMemoryOnly = "Results are cached in this process's memory; there is no shared level.";

    public const string HealthListenerOff = "Cdc:Enabled is false: this node does not listen to the event log.";

    public const string HealthListening = "The listener follows the event log.";

    public const string HealthNoGroups = "No handler of this context runs once per cluster.";

    public const string HealthNoBacklog = "The handlers keep up with the event log.";

    public const string HealthCaptured = "Changes are captured as the model says.";

    public const string HealthLive = "The listener is at work.";

    public static string HealthWithoutState(string context) =>
        $"AddHealthChecks().AddFraiseQLState<{context}>() was called, but services.AddFraiseQLState<{context}>() was not. Call it, or remove the health checks.";

    public static string HealthOptionOutOfRange(string property, string key, string value, string least, string most) =>
        $"FraiseQLStateHealthOptions.{property} is {value}, but must be between {least} and {most}. Set it in AddHealthChecks().AddFraiseQLState<TContext>(o => …), "
        + $"or as {key} in the configuration.";

    public static string HealthNoAnswer(TimeSpan timeout) => $"The database did not answer within {Seconds(timeout)} (FraiseQLStateHealthOptions.Timeout).";

    public static string HealthNotAsked(string error) => $"The database could not be asked ({error}).";

    public static string HealthSharedAnswers(string kind) => $"The shared cache level ({kind}) answers.";

    public static string HealthSharedDown(string kind) =>
        $"The shared cache level ({kind}) does not answer. Queries go on without it, from this process's memory and the database; it is used again by itself.";

    public static string HealthSharedPartlyDown(string kind, int answering, int all) =>
        $"Of the {all} servers of the shared cache level ({kind}), {answering} answer. The share of the others is not cached meanwhile.";

    public static string HealthSharedSlow(string kind, TimeSpan median, TimeSpan most) => string.Create(
        CultureInfo.InvariantCulture,
        $"The shared cache level ({kind}) answers in {median.TotalMilliseconds:0.0} ms, the median of its last reads; MaxResponseTime is {most.TotalMilliseconds:0.###} ms.");

    public static string HealthNeverConnected(string? why) =>
        $"The listener has not connected to the event log since this process started: nothing is served from the cache that needs it. {why}".TrimEnd();

    public static string HealthDisconnected(string? why) =>
        $"The listener has lost its connection and connects again; it goes on where it was. The cache is not used once Consistency:MaxSilence has passed. {why}".TrimEnd();

    public static string HealthSilent(TimeSpan silence, TimeSpan most) =>
        $"The listener has not read its log to the end for {Seconds(silence)}, more than {Seconds(most)}: the database does not answer it.";

    public static string HealthCatchingUp(long pending) =>
        $"The listener is catching up: it has read {pending.ToString(CultureInfo.InvariantCulture)} changes of its present look at the log, and has not come to the end.";

    public static string HealthDeaf(TimeSpan poll) =>
        $"A NOTIFY did not reach the listener, so changes of other programs are seen up to {Seconds(poll)} late. A pooler in transaction mode does this: "
        + "let the context connect past it, or set Cdc:Transport to Poll.";

    public static string HealthGroupExpired(string group) =>
        $"The group {group} was further behind than Cdc:RetentionHold: the log no longer waits for it, and it has lost events.";

    public static string HealthGroupNeverRun(string group) => $"No node has run the group {group} yet.";

    public static string HealthBacklog(string group, long waiting, bool isMore, TimeSpan oldest, bool isRun) =>
        $"{waiting.ToString(CultureInfo.InvariantCulture)}{(isMore ? " or more" : "")} events wait for the group {group}, the oldest for {Seconds(oldest)}; "
        + (isRun ? "its handlers do not keep up." : "no node runs it.");

    public static string HealthPaused(string group, long waiting, bool isMore, TimeSpan oldest) =>
        $"The group {group} is paused: {waiting.ToString(CultureInfo.InvariantCulture)}{(isMore ? " or more" : "")} events wait for it"
        + (waiting > 0 ? $", the oldest for {Seconds(oldest)}" : "")
        + $". Whoever may use the dashboard resumes it there, or the application by IHandlerGroups.ResumeAsync(\"{group}\"), on any node.";

    public static string HealthDeadLetters(string group, long count) =>
        $"{count.ToString(CultureInfo.InvariantCulture)} events of the group {group} are parked: mend the cause, then call IDeadLetters.RetryAsync or SkipAsync.";

    public static string HealthHung(TimeSpan since) =>
        $"The listener's loop has not gone round for {Seconds(since)}, connected or not. Restart this process, and please report it.";

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
