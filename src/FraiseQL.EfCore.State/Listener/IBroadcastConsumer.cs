using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>
/// Sees every change on every node: caches and live feeds. The listener calls it from one thread at a time and never awaits it,
/// so an implementation must be quick and must not throw.
/// </summary>
internal interface IBroadcastConsumer
{
    /// <summary>
    /// The node sees, from now on, every change that is not visible in <paramref name="from"/>. What happened before is unknown to it.
    /// Called at start and whenever the log could not be continued (another server, a pruned log).
    /// </summary>
    void CoverageStarted(PgSnapshot from);

    /// <summary>Which log, and which start of its server, the positions belong to from now on; called before the first position, and when it changes.</summary>
    void Follows(LogIdentity log)
    {
    }

    /// <summary>Whether changes from before the coverage are of use, as far as the log still has them. Asked after <see cref="CoverageStarted"/>.</summary>
    bool WantsPast => false;

    /// <summary>The past comes next, before the first poll.</summary>
    void PastStarting()
    {
    }

    /// <summary>Changes of the past, in the order of their transactions: all those so far are of transactions that <paramref name="seen"/> sees.</summary>
    void PastChanged(IReadOnlyList<ChangeRecord> changes, PgSnapshot seen)
    {
    }

    /// <summary>Every change that is not visible in <paramref name="from"/> has been handed over, or is within the coverage.</summary>
    void PastKnown(PgSnapshot from)
    {
    }

    /// <summary>Called before a catch-up statement is sent; the result goes back in with <see cref="CaughtUp"/>.</summary>
    long PollStarting();

    /// <summary>
    /// Whether the changes of the poll that is starting, or goes on, must come with their rows (<see cref="ChangeRecord.Data"/> and what else caches have
    /// no use for). Asked after <see cref="PollStarting"/>; the answer must stay the same until the next one.
    /// </summary>
    bool WantsRows => false;

    /// <summary>The changes that come next are those between these two positions; called before each <see cref="Changed"/>.</summary>
    void WindowReached(PgSnapshot from, PgSnapshot to)
    {
    }

    /// <summary>Changes in ascending <see cref="ChangeRecord.Seq"/> within one position; called before <see cref="CaughtUp"/>.</summary>
    void Changed(IReadOnlyList<ChangeRecord> changes);

    /// <summary>Everything visible in <paramref name="position"/> has been handed over; also called when nothing had changed.</summary>
    void CaughtUp(long poll, PgSnapshot position);

    /// <summary>
    /// Relations (<c>schema.table</c>) whose triggers were found present, enabled and equal to the model.
    /// Changes of any other relation may be missed.
    /// </summary>
    void CaptureVerified(IReadOnlySet<string> relations);

    /// <summary>What the server's catalog says; before the first <see cref="CaptureVerified"/>, and at every later look at the triggers.</summary>
    void CatalogRead(DatabaseCatalog catalog)
    {
    }
}
