namespace FraiseQL.EfCore.State.Cache;

/// <summary>How an operation of the shared level ended. Its name in snake case is the metric's attribute.</summary>
internal enum L2Result
{
    Hit,
    Miss,
    Stored,

    /// <summary>Larger than <see cref="L2Options.MaxPayloadBytes"/>, or than the server takes.</summary>
    TooLarge,

    /// <summary>A payload that is damaged, foreign, or of another version.</summary>
    Unreadable,

    Failed,
    TimedOut,

    /// <summary>Not attempted, as the server is being left alone.</summary>
    Skipped,

    /// <summary>A write for which the queue had no room.</summary>
    Dropped,
}
