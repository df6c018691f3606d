using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(FraiseQLStateEventId.HandlersTaken, LogLevel.Information, "This node runs the handlers of group {group}.")]
    public static partial void HandlersTaken(this ILogger logger, string group);

    [LoggerMessage(FraiseQLStateEventId.HandlersReleased, LogLevel.Information, "This node no longer runs the handlers of group {group}.")]
    public static partial void HandlersReleased(this ILogger logger, string group);

    [LoggerMessage(
        FraiseQLStateEventId.HandlersLost, LogLevel.Warning,
        "Another node runs the handlers of group {group}: this one was not heard of within Cdc:HandlerLease. Events in hand may be handled twice.")]
    public static partial void HandlersLost(this ILogger logger, string group);

    [LoggerMessage(FraiseQLStateEventId.HandlersPaused, LogLevel.Warning, "The handlers of group {group} are paused: IHandlerGroups.ResumeAsync has them go on.")]
    public static partial void HandlersPaused(this ILogger logger, string group);

    [LoggerMessage(
        FraiseQLStateEventId.HandlersInterrupted, LogLevel.Warning,
        "Running the handlers of {context} was interrupted; it is tried again. Events since the last checkpoint may be handled twice.")]
    public static partial void HandlersInterrupted(this ILogger logger, Exception error, string context);

    [LoggerMessage(
        FraiseQLStateEventId.HandlerRetried, LogLevel.Warning, "{handler} failed on {type} (seq {seq}, attempt {attempt}); it is tried again.")]
    public static partial void HandlerRetried(this ILogger logger, Exception error, string handler, string type, long seq, int attempt);

    [LoggerMessage(
        FraiseQLStateEventId.HandlerParked, LogLevel.Error,
        "{handler} failed on {type} (seq {seq}) for the last time, after {attempt} attempts. The event and the later ones of its entity are parked in "
        + "fraiseql.parked; all others go on. When the cause is mended, call IDeadLetters.RetryAsync or SkipAsync.")]
    public static partial void HandlerParked(this ILogger logger, Exception error, string handler, string type, long seq, int attempt);

    [LoggerMessage(
        FraiseQLStateEventId.HandlersGap, LogLevel.Error,
        "The event log is not the one that the position of group {group} belongs to (another server, a restored copy, or a new log). "
        + "The handlers begin with the changes from now on; those in between were not handled.")]
    public static partial void HandlersGap(this ILogger logger, string group);

    [LoggerMessage(
        FraiseQLStateEventId.HandlerGaveUp, LogLevel.Error,
        "{handler} failed on {type} (seq {seq}) for the last time, after {attempt} attempts. It runs on every node, so the event is left out on this one.")]
    public static partial void HandlerGaveUp(this ILogger logger, Exception error, string handler, string type, long seq, int attempt);

    [LoggerMessage(
        FraiseQLStateEventId.EventOutOfOrder, LogLevel.Error,
        "{type} (seq {seq}) was given to the handlers of group {group} after a later event of the same row. Please report this.")]
    public static partial void EventOutOfOrder(this ILogger logger, string group, string type, long seq);

    [LoggerMessage(
        FraiseQLStateEventId.HandlersNotEvicted, LogLevel.Warning,
        "Transactions of the node that ran the handlers {group} before are still open, and this role may not end them: what they lock waits for them. "
        + "Let all nodes connect as one role, or GRANT pg_signal_backend.")]
    public static partial void HandlersNotEvicted(this ILogger logger, Exception error, string group);
}
