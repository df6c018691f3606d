namespace FraiseQL.EfCore.State;

/// <summary>The groups of handlers of one context's database: where they are, and a switch for each, for the whole cluster.</summary>
/// <remarks>
/// Thread-safe. <c>AddFraiseQLState&lt;TContext&gt;()</c> registers it: that of the first context as it is, those of all contexts under their type as the
/// service key. It works on every node, whichever runs the handlers. A database that cannot be reached is an exception here. Handlers with
/// <c>Broadcast()</c> keep nothing in the database and are not among the groups.
/// </remarks>
public interface IHandlerGroups
{
    /// <summary>Lists the groups, by name.</summary>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The groups; those of other contexts and programs on the same database too.</returns>
    Task<IReadOnlyList<HandlerGroupState>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Has a group wait, on every node and across restarts, until <see cref="ResumeAsync"/>. The node that runs it stops within a third of
    /// <c>Cdc:HandlerLease</c>; what it has in hand then is cancelled, and handled again later. Events are kept for the group for <c>Cdc:RetentionHold</c>.
    /// </summary>
    /// <param name="group">The name of the group.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>Whether there is such a group and it was not paused already.</returns>
    Task<bool> PauseAsync(string group, CancellationToken cancellationToken = default);

    /// <summary>Has a paused group go on where it was, within a second or so.</summary>
    /// <param name="group">The name of the group.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>Whether it was paused.</returns>
    Task<bool> ResumeAsync(string group, CancellationToken cancellationToken = default);
}
