using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>What a context can tell of its cacheable queries.</summary>
public static class FraiseQLStateDatabaseFacadeExtensions
{
    /// <summary>Where the rows of the last cacheable query of this context came from.</summary>
    /// <remarks>As the context itself, not thread-safe.</remarks>
    /// <param name="database">The context's database facade.</param>
    /// <returns>The outcome; <see cref="CacheOutcome.None"/> before the first cacheable query, or without <c>UseFraiseQLState()</c>.</returns>
    public static CacheOutcome GetCacheOutcome(this DatabaseFacade database)
    {
        ArgumentNullException.ThrowIfNull(database);
        return ((IInfrastructure<IServiceProvider>)database).Instance.GetService(typeof(StateSession)) is StateSession session
            ? session.LastOutcome
            : CacheOutcome.None;
    }

    /// <summary>
    /// Ends cached results by hand, as <see cref="IStateCache"/> does: with the transaction that is open on the context, and not at all when that is rolled
    /// back; without one, at once.
    /// </summary>
    /// <remarks>As the context itself, not thread-safe.</remarks>
    /// <param name="database">The context's database facade.</param>
    /// <param name="what">Names what is to end.</param>
    /// <param name="cancellationToken">Cancels the announcement to other nodes; without a transaction, this node forgets all the same.</param>
    /// <returns>A task that completes when this node serves nothing older and the other nodes are told, or will be with the commit.</returns>
    /// <exception cref="InvalidOperationException">
    /// What is named cannot be depended on, a right is missing, the database could not be reached, or the context has no <c>UseFraiseQLState()</c>.
    /// </exception>
    public static Task InvalidateCacheAsync(this DatabaseFacade database, Action<CacheInvalidation> what, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(what);
        return InvalidationNote.WriteAsync(((IDatabaseFacadeDependenciesAccessor)database).Context, what, cancellationToken);
    }
}
