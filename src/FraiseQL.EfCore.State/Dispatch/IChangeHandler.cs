namespace FraiseQL.EfCore.State;

/// <summary>
/// Runs after a row of <typeparamref name="TEntity"/> was changed and committed, by whatever program. Registered with
/// <c>AddFraiseQLState&lt;TContext&gt;().AddHandler&lt;THandler&gt;()</c>.
/// </summary>
/// <remarks>
/// Each event is handled on one node of the cluster, at least once: after a crash or a lost database connection an event may come again,
/// with the same <see cref="ChangeEvent{TEntity}.Id"/>. Events of one entity come one at a time and in the order of the writes; events of
/// different entities run in parallel. A handler that throws is tried again (<c>Cdc:Retry:Attempts</c>); then the event, and the later
/// ones of that entity, are parked in the table <c>fraiseql.parked</c>, and the rest goes on. No database transaction is open while a
/// handler runs. An instance is made for each attempt, in a scope of its own.
/// </remarks>
/// <typeparam name="TEntity">An entity type of the context's model, at the root of its hierarchy.</typeparam>
public interface IChangeHandler<TEntity>
    where TEntity : class
{
    /// <summary>Handles one event. When the task completes, the event counts as handled.</summary>
    /// <param name="change">What happened.</param>
    /// <param name="context">The services of this event's scope, and which attempt this is.</param>
    /// <param name="cancellationToken">Cancelled when the host stops or this node loses its turn; the event comes again then.</param>
    /// <returns>A task that completes when the event is handled.</returns>
    Task HandleAsync(ChangeEvent<TEntity> change, ChangeContext context, CancellationToken cancellationToken);
}
