namespace FraiseQL.EfCore.State.Cache;

/// <summary>How an operation of the shared level ended. Its name in snake case is the metric's attribute.</summary>
internal enum L2Result
{
    Hit,
    Miss,
    Stored,

    /// <summary>Larger than <see cref="L2Options.MaxPayloadBytes"/>.</summary>
    TooLarge,

    /// <summary>The server did not take it: too large for it, no memory, or the one of several servers that has this key is down.</summary>
    Refused,

    /// <summary>A payload that is damaged, foreign, or of another version.</summary>
    Unreadable,

    Failed,
    TimedOut,

    /// <summary>Not attempted, as the server is being left alone.</summary>
    Skipped,

    /// <summary>A write for which the queue had no room.</summary>
    Dropped,
}
