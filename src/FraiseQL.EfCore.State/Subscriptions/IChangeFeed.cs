namespace FraiseQL.EfCore.State;

/// <summary>
/// Committed changes as they happen, on every node: for pages that update themselves and for caches of your own. What must be done once per
/// cluster, or must not be missed when a node dies, belongs into an <see cref="IChangeHandler{TEntity}"/>.
/// </summary>
/// <remarks>
/// Thread-safe. <c>AddFraiseQLState&lt;TContext&gt;()</c> registers it: that of the first context as it is, those of all contexts under
/// their type as the service key. A change is announced only after this node's cache was told of it, so a cacheable query that is run for
/// it is fresh.
/// </remarks>
public interface IChangeFeed
{
    /// <summary>
    /// Watches one entity type, from the start of the enumeration to its end. The first item is a reset, and another one comes whenever
    /// changes may have been missed: at a reset, read what you show. After it nothing is missed, in the order of the writes for each entity.
    /// </summary>
    /// <typeparam name="TEntity">An entity type of the context's model, at the root of its hierarchy.</typeparam>
    /// <param name="options">Which changes, and from where; <see langword="null"/> for all from now on.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>
    /// The changes, without an end of its own. At most 1 000 wait for a slow reader; then they are dropped, and a reset says so, with the
    /// position from which the log still has them. A lost connection to the database delays changes and drops none.
    /// </returns>
    /// <exception cref="InvalidOperationException">
    /// Thrown at the first item: the entity type is not in the model, its changes are not captured, or <c>Cdc:Enabled</c> is off.
    /// </exception>
    /// <exception cref="ArgumentException">Thrown at the first item: <see cref="WatchOptions{TEntity}.From"/> is not a position.</exception>
    /// <exception cref="OperationCanceledException">Thrown by the enumeration: <paramref name="cancellationToken"/> was cancelled.</exception>
    IAsyncEnumerable<ChangeFeedItem<TEntity>> WatchAsync<TEntity>(WatchOptions<TEntity>? options = null, CancellationToken cancellationToken = default)
        where TEntity : class;
}
