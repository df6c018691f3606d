namespace FraiseQL.EfCore.State;

/// <summary>Ids of the log events, for filters and alerts. An id never changes its meaning.</summary>
public static partial class FraiseQLStateEventId
{
    /// <summary>The listener is connected and follows the event log.</summary>
    public const int ListenerConnected = 3000;

    /// <summary>The listener lost its connection and connects again; nothing is lost, but this node sees changes late.</summary>
    public const int ListenerConnectionLost = 3001;

    /// <summary>The listener could not connect; it goes on trying.</summary>
    public const int ListenerConnectFailed = 3002;

    /// <summary>The event log is not in the database: the migration that creates it was not applied.</summary>
    public const int CaptureMissing = 3003;

    /// <summary>The event log or a trigger that was missing is there now.</summary>
    public const int CaptureRestored = 3004;

    /// <summary>Tables of the model are not captured as the model says: their changes by other programs may be missed.</summary>
    public const int CaptureIncomplete = 3005;

    /// <summary>The server or its log is not the one that was followed; everything cached is distrusted.</summary>
    public const int ListenerStartedOver = 3006;

    /// <summary>The listener is switched off by <c>Cdc:Enabled</c>.</summary>
    public const int ListenerOff = 3007;

    /// <summary>A consumer of this library threw while it was told of a change; it starts over.</summary>
    public const int BroadcastConsumerFailed = 3008;

    /// <summary>The listener stopped with its host.</summary>
    public const int ListenerStopped = 3009;

    /// <summary>This node runs the handlers from now on.</summary>
    public const int HandlersTaken = 4000;

    /// <summary>This node no longer runs the handlers.</summary>
    public const int HandlersReleased = 4001;

    /// <summary>Another node took the handlers over, because this one was not heard of in time.</summary>
    public const int HandlersLost = 4002;

    /// <summary>Running the handlers was interrupted, usually by the database; it is tried again.</summary>
    public const int HandlersInterrupted = 4003;

    /// <summary>A handler failed and is tried again.</summary>
    public const int HandlerRetried = 4004;

    /// <summary>A handler failed for the last time; the event, and later ones of its entity, are parked.</summary>
    public const int HandlerParked = 4005;

    /// <summary>The log is not the one that the handlers' position belongs to: events in between were not handled.</summary>
    public const int HandlersGap = 4006;

    /// <summary>The sessions of the node that ran the handlers before may not be ended by this one.</summary>
    public const int HandlersNotEvicted = 4008;

    /// <summary>A handler that runs on every node failed for the last time; the event is left out on that node.</summary>
    public const int HandlerGaveUp = 4007;

    /// <summary>An event was given to a handler after a later one of the same row: a fault, to be reported.</summary>
    public const int EventOutOfOrder = 4009;

    /// <summary>The server's catalog could not be read: queries over views are not cached.</summary>
    public const int CatalogUnreadable = 3010;

    /// <summary>Old events were removed from the log.</summary>
    public const int LogPruned = 3011;

    /// <summary>Old events could not be removed from the log; it is tried again.</summary>
    public const int LogNotPruned = 3012;

    /// <summary>A group is so far behind that the log no longer waits for it.</summary>
    public const int GroupExpired = 3013;

    /// <summary>Tables of the model whose changes are not captured: queries over them are refused.</summary>
    public const int TablesNotCaptured = 3014;

    /// <summary>Events of before the start were read, so that what other nodes have stored can be used (debug).</summary>
    public const int LogReplayed = 3015;

    /// <summary>Events of before the start could not be read; what other nodes stored before it is not used.</summary>
    public const int LogNotReplayed = 3016;

    /// <summary>Triggers were altered, disabled or away for a time: what the node has cached before is distrusted.</summary>
    public const int CaptureReturned = 3017;

    /// <summary>A materialised view was refreshed after changes of its sources.</summary>
    public const int ViewRefreshed = 3020;

    /// <summary>A materialised view could not be refreshed; it is tried again.</summary>
    public const int ViewNotRefreshed = 3021;
}
