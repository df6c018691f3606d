using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>How far the listener is in the log, in memory, across connections.</summary>
/// <remarks>Owned by one listener; not thread-safe.</remarks>
internal sealed class LogCursor
{
    /// <summary>Which log the position belongs to; <see langword="null"/> until the listener has begun.</summary>
    public LogIdentity? Identity { get; private set; }

    /// <summary>Everything visible in it has been handed over.</summary>
    public PgSnapshot Position { get; private set; } = PgSnapshot.Beginning;

    /// <summary>The end of a window whose reading was interrupted; <see langword="null"/> when there is none.</summary>
    public PgSnapshot? WindowEnd { get; private set; }

    /// <summary>The last change handed over from that window.</summary>
    public long AfterSeq { get; private set; } = -1;

    /// <summary>
    /// Whether the server may have lost commits that were seen: after a crash those that were not flushed (synchronous_commit = off), and
    /// their ids are issued again. Then what was cached is distrusted, once the log has been followed to its end.
    /// </summary>
    public bool IsDoubtful { get; set; }

    /// <summary>Whether the past could not be read, and is left alone.</summary>
    public bool HasFailedToReplay { get; set; }

    public void StartOver(LogState state)
    {
        Identity = state.Identity;
        IsDoubtful = false;
        Completed(state.Snapshot);
    }

    public void Continue(LogIdentity identity)
    {
        IsDoubtful |= Identity!.Started != identity.Started;
        Identity = identity;
    }

    public void HandedOver(PgSnapshot windowEnd, long seq)
    {
        WindowEnd = windowEnd;
        AfterSeq = seq;
    }

    public void Completed(PgSnapshot position)
    {
        Position = position;
        WindowEnd = null;
        AfterSeq = -1;
    }

    /// <summary>Whether reading can go on from here on a server that says this of itself.</summary>
    public bool CanContinue(LogState state)
        => Identity is not null && state.Identity.Continues(Identity) && !state.HasPruned(Position)
            // Ids below a position's end were given out: a server that knows fewer has lost some.
            && state.Snapshot.Xmax >= Position.Xmax && (WindowEnd is null || state.Snapshot.Xmax >= WindowEnd.Xmax);
}
