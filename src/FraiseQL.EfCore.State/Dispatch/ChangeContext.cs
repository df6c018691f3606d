using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State;

/// <summary>What a handler has beside the event.</summary>
/// <remarks>Belongs to one attempt; not thread-safe, as its services are not.</remarks>
public sealed class ChangeContext
{
    private readonly InboxNote? _note;

    internal ChangeContext(IServiceProvider services, Type contextType, int attempt, InboxNote? note = null)
    {
        Services = services;
        Cache = new ScopedStateCache(services, contextType);
        Attempt = attempt;
        _note = note;
    }

    /// <summary>The services of this attempt's scope: a context resolved here is fresh, and disposed when the handler returns.</summary>
    public IServiceProvider Services { get; }

    /// <summary>
    /// Ends cached results by hand, through the context of this scope: with its transaction, when it has one open (<c>WithInbox()</c>), or at once.
    /// What depends on the changed row has ended before the handler is called.
    /// </summary>
    public IStateCache Cache { get; }

    /// <summary>
    /// 1 for the first attempt of this delivery, 2 for the next, and so on. A delivery after a crash begins at 1 again; one of a parked event
    /// goes on where it ended.
    /// </summary>
    public int Attempt { get; }

    /// <summary>
    /// Whether this handler has noted this event as processed, at an earlier delivery. For an effect outside the database, which
    /// <c>WithInbox()</c> cannot commit together with its note; with <c>WithInbox()</c> it is never true, as such an event is skipped.
    /// </summary>
    /// <param name="cancellationToken">Cancels the look.</param>
    /// <returns>Whether <see cref="MarkProcessedAsync"/> was called for it, and committed.</returns>
    /// <exception cref="InvalidOperationException">The handler runs on every node (<c>Broadcast()</c>).</exception>
    public Task<bool> AlreadyProcessedAsync(CancellationToken cancellationToken = default)
        => Note.ExistsAsync(Services, cancellationToken);

    /// <summary>
    /// Notes this event as processed by this handler, through the context of this scope: in its transaction, when it has one open, or at
    /// once. With <c>WithInbox()</c> that has been done.
    /// </summary>
    /// <param name="cancellationToken">Cancels the note.</param>
    /// <returns>A task that completes when it is noted.</returns>
    /// <exception cref="InvalidOperationException">The handler runs on every node (<c>Broadcast()</c>).</exception>
    public Task MarkProcessedAsync(CancellationToken cancellationToken = default) => Note.WriteAsync(Services, cancellationToken);

    private InboxNote Note => _note ?? throw new InvalidOperationException(StateStrings.InboxOutsideGroup);
}
