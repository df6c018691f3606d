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
