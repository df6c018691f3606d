using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(FraiseQLStateEventId.ListenerConnected, LogLevel.Information, "The listener of {context} follows the event log.")]
    public static partial void ListenerConnected(this ILogger logger, string context);

    [LoggerMessage(
        FraiseQLStateEventId.ListenerConnectionLost, LogLevel.Warning,
        "The listener of {context} lost its connection and connects again. Nothing is lost: it goes on where it was.")]
    public static partial void ListenerConnectionLost(this ILogger logger, Exception? error, string context);

    [LoggerMessage(
        FraiseQLStateEventId.ListenerConnectFailed, LogLevel.Warning, "The listener of {context} could not connect (attempt {attempt}); it goes on trying.")]
    public static partial void ListenerConnectFailed(this ILogger logger, Exception? error, string context, int attempt);

    [LoggerMessage(FraiseQLStateEventId.CaptureMissing, LogLevel.Error, "{context}: {problem} The listener looks again every few seconds.")]
    public static partial void CaptureMissing(this ILogger logger, string context, string problem);

    [LoggerMessage(FraiseQLStateEventId.CaptureRestored, LogLevel.Information, "The changes of {context} are captured as its model says.")]
    public static partial void CaptureRestored(this ILogger logger, string context);

    [LoggerMessage(FraiseQLStateEventId.CaptureIncomplete, LogLevel.Warning, "{context}: {problems}")]
    public static partial void CaptureIncomplete(this ILogger logger, string context, string problems);

    [LoggerMessage(
        FraiseQLStateEventId.ListenerStartedOver, LogLevel.Warning,
        "The database of {context} is not the one that was followed (another server, a failover, or a new log), or its log was pruned meanwhile: everything cached is distrusted.")]
    public static partial void ListenerStartedOver(this ILogger logger, string context);

    [LoggerMessage(
        FraiseQLStateEventId.ListenerOff, LogLevel.Information,
        "Cdc:Enabled is false: {context} does not see the changes of other programs and nodes, and runs no handlers.")]
    public static partial void ListenerOff(this ILogger logger, string context);

    [LoggerMessage(FraiseQLStateEventId.BroadcastConsumerFailed, LogLevel.Error, "{consumer} failed; it starts over with the next change.")]
    public static partial void BroadcastConsumerFailed(this ILogger logger, Exception error, string consumer);

    [LoggerMessage(FraiseQLStateEventId.ListenerStopped, LogLevel.Information, "The listener of {context} stopped.")]
    public static partial void ListenerStopped(this ILogger logger, string context);

    [LoggerMessage(FraiseQLStateEventId.CaptureReturned, LogLevel.Information,
        "The triggers of {tables} were away for a time, or are others than before. Writes may have been missed: what {context} had cached is read anew.")]
    public static partial void CaptureReturned(this ILogger logger, string context, string tables);

    [LoggerMessage(FraiseQLStateEventId.CatalogUnreadable, LogLevel.Warning,
        "The catalog of {context}'s database could not be read: queries over views are not cached.")]
    public static partial void CatalogUnreadable(this ILogger logger, Exception error, string context);

    [LoggerMessage(FraiseQLStateEventId.LogPruned, LogLevel.Information, "{count} events of {context} older than Cdc:Retention were removed from the log.")]
    public static partial void LogPruned(this ILogger logger, string context, long count);

    [LoggerMessage(
        FraiseQLStateEventId.LogNotPruned, LogLevel.Warning,
        "The event log of {context} could not be pruned; it is tried again in {pause}. The role needs EXECUTE on fraiseql.prune(interval, interval, int).")]
    public static partial void LogNotPruned(this ILogger logger, Exception error, string context, TimeSpan pause);

    [LoggerMessage(
        FraiseQLStateEventId.GroupExpired, LogLevel.Error,
        "The group {group} of {context} is further behind than Cdc:RetentionHold: the log no longer waits for it, and it loses events. "
        + "Start the application that has its handlers, or delete its row in fraiseql.consumer.")]
    public static partial void GroupExpired(this ILogger logger, string group, string context);

    [LoggerMessage(
        FraiseQLStateEventId.LogReplayed, LogLevel.Debug,
        "{context}: {count} events of before the start were read in {took} ms; what other nodes have stored on the shared server since then is used.")]
    public static partial void LogReplayed(this ILogger logger, string context, long count, double took);

    [LoggerMessage(
        FraiseQLStateEventId.LogNotReplayed, LogLevel.Warning,
        "{context}: events of before the start could not be read, so what other nodes stored on the shared server before it is not used. "
        + "Lower Cdc:MaxReplayedEvents when it took too long; Cdc:Replay = 0 switches the replay off.")]
    public static partial void LogNotReplayed(this ILogger logger, Exception error, string context);

    [LoggerMessage(FraiseQLStateEventId.ViewRefreshed, LogLevel.Debug, "The materialised view {view} of {context} was refreshed.")]
    public static partial void ViewRefreshed(this ILogger logger, string view, string context);

    [LoggerMessage(
        FraiseQLStateEventId.ViewNotRefreshed, LogLevel.Warning,
        "The materialised view {view} of {context} could not be refreshed; it is tried again in {pause}. The role must own the view, and needs "
        + "INSERT on fraiseql.change_event and USAGE on fraiseql.change_event_seq.")]
    public static partial void ViewNotRefreshed(this ILogger logger, Exception error, string view, string context, TimeSpan pause);

    [LoggerMessage(
        FraiseQLStateEventId.ViewNotRefreshed, LogLevel.Warning,
        "RefreshOn names {view} of {context}, but the database has no materialised view of that name. Create it in a migration: migrationBuilder.Sql(…).",
        EventName = "ViewMissing")]
    public static partial void ViewMissing(this ILogger logger, string view, string context);

    [LoggerMessage(
        FraiseQLStateEventId.ViewNotRefreshed, LogLevel.Error, "The materialised views of {context} are not refreshed: its model cannot be read.",
        EventName = "ViewsNotRefreshed")]
    public static partial void ViewsNotRefreshed(this ILogger logger, Exception error, string context);

    [LoggerMessage(
        FraiseQLStateEventId.TablesNotCaptured, LogLevel.Information,
        "Changes of these tables of {context} are not captured, so queries over them are not cached: {tables}. "
        + "Give them a primary key, remove IgnoreChangeEvents(), or cache the queries with DependsOnlyOn or UntilExpired.")]
    public static partial void TablesNotCaptured(ILogger logger, string context, string tables);
}
