using System.Linq.Expressions;

namespace FraiseQL.EfCore.State;

/// <summary>
/// Tells how the cache does, and ends cached results by hand, on every node and at both levels, for what the cache cannot see by itself: tagged results, SQL of your own,
/// rows that are deliberately served for a while. A change of a captured table needs no such call.
/// </summary>
/// <remarks>
/// <para>
/// Thread-safe. <c>AddFraiseQLState&lt;TContext&gt;()</c> registers it: that of the first context as it is, those of all contexts under their
/// type as the service key. Handlers have it as <see cref="ChangeContext.Cache"/>; a context by itself has
/// <c>db.Database.InvalidateCacheAsync(…)</c>, which takes effect with its open transaction.
/// </para>
/// <para>
/// When a call returns, this node serves nothing older. The other nodes learn it as an event of the log, within milliseconds, and those that were
/// away refuse older results of the shared level by proof. Handlers and feeds see no such event. Where the database has no event log, this process is
/// all that is reached.
/// </para>
/// </remarks>
public interface IStateCache
{
    /// <summary>Ends what is named.</summary>
    /// <param name="what">Names it.</param>
    /// <param name="cancellationToken">Cancels the announcement to other nodes; this node forgets all the same.</param>
    /// <returns>A task that completes when this node serves nothing older and the other nodes are told.</returns>
    /// <exception cref="InvalidOperationException">
    /// What is named cannot be depended on, a right is missing, or the database could not be reached: then this node has forgotten, and the other nodes
    /// were not told.
    /// </exception>
    Task InvalidateAsync(Action<CacheInvalidation> what, CancellationToken cancellationToken = default);

    /// <summary>Ends the results that were labelled with a tag.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="cancellationToken">Cancels the announcement to other nodes; this node forgets all the same.</param>
    /// <returns>A task that completes when this node serves nothing older and the other nodes are told.</returns>
    /// <exception cref="ArgumentException"><paramref name="tag"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">As of <see cref="InvalidateAsync(Action{CacheInvalidation}, CancellationToken)"/>.</exception>
    Task InvalidateTagAsync(string tag, CancellationToken cancellationToken = default) => InvalidateAsync(i => i.Tag(tag), cancellationToken);

    /// <summary>Ends the results that depend on rows of an entity, whichever.</summary>
    /// <typeparam name="TEntity">The entity.</typeparam>
    /// <param name="cancellationToken">Cancels the announcement to other nodes; this node forgets all the same.</param>
    /// <returns>A task that completes when this node serves nothing older and the other nodes are told.</returns>
    /// <exception cref="InvalidOperationException">As of <see cref="InvalidateAsync(Action{CacheInvalidation}, CancellationToken)"/>.</exception>
    Task InvalidateEntityAsync<TEntity>(CancellationToken cancellationToken = default)
        where TEntity : class
        => InvalidateAsync(i => i.Entity<TEntity>(), cancellationToken);

    /// <summary>Ends the results that were read by a value of a column, such as the posts of an author, and those that depend on all rows.</summary>
    /// <typeparam name="TEntity">The entity.</typeparam>
    /// <typeparam name="TValue">The type of the property.</typeparam>
    /// <param name="column">A property of the key, of a foreign key, or of <c>HasChangeEvents(e =&gt; e.DependsOn(…))</c>.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Cancels the announcement to other nodes; this node forgets all the same.</param>
    /// <returns>A task that completes when this node serves nothing older and the other nodes are told.</returns>
    /// <exception cref="ArgumentException"><paramref name="column"/> is not a property.</exception>
    /// <exception cref="InvalidOperationException">As of <see cref="InvalidateAsync(Action{CacheInvalidation}, CancellationToken)"/>.</exception>
    Task InvalidateRowsAsync<TEntity, TValue>(Expression<Func<TEntity, TValue>> column, TValue value, CancellationToken cancellationToken = default)
        where TEntity : class
        => InvalidateAsync(i => i.Rows(column, value), cancellationToken);

    /// <summary>Ends every cached result of the database.</summary>
    /// <param name="cancellationToken">Cancels the announcement to other nodes; this node forgets all the same.</param>
    /// <returns>A task that completes when this node serves nothing older and the other nodes are told.</returns>
    /// <exception cref="InvalidOperationException">As of <see cref="InvalidateAsync(Action{CacheInvalidation}, CancellationToken)"/>.</exception>
    Task InvalidateAllAsync(CancellationToken cancellationToken = default) => InvalidateAsync(i => i.Everything(), cancellationToken);

    /// <summary>Reads what warm-ups name into the cache now: <c>PreloadAsync("GetTrendingPosts")</c>.</summary>
    /// <param name="names">Names that were given to <c>AddWarmup</c>.</param>
    /// <returns>What became of each, in the order of the names. One that fails does not fail the call.</returns>
    /// <exception cref="ArgumentException">There is no warm-up of a name; the message has those that there are.</exception>
    Task<IReadOnlyList<WarmedQuery>> PreloadAsync(params string[] names) => PreloadAsync(names, CancellationToken.None);

    /// <summary>Reads what warm-ups name into the cache now.</summary>
    /// <param name="names">Names that were given to <c>AddWarmup</c>.</param>
    /// <param name="cancellationToken">Ends it, as <c>Cache:Warmup:Timeout</c> does.</param>
    /// <returns>What became of each, in the order of the names. One that fails does not fail the call.</returns>
    /// <exception cref="ArgumentException">There is no warm-up of a name; the message has those that there are.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<IReadOnlyList<WarmedQuery>> PreloadAsync(IEnumerable<string> names, CancellationToken cancellationToken);

    /// <summary>Tells, query by query, what the cache of this node did since it started, with advice on each time to live.</summary>
    /// <returns>The figures as they are now. Reading them takes some microseconds for each query.</returns>
    CacheStatistics GetStatistics();
}
