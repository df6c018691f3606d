using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Consistency;
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
        return StateSession.Find(database)?.LastOutcome ?? CacheOutcome.None;
    }

    /// <summary>
    /// What is committed now, as a token: who reads with it, on any node, sees at least this, and so what this context has written. One round trip to the
    /// database. Call it after the commit.
    /// </summary>
    /// <remarks>As the context itself, not thread-safe.</remarks>
    /// <param name="database">The context's database facade.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The token.</returns>
    /// <exception cref="InvalidOperationException">
    /// A transaction is open on the context, the connection leads to a standby, or the context has no <c>UseFraiseQLState()</c>.
    /// </exception>
    public static Task<ConsistencyToken> GetConsistencyTokenAsync(this DatabaseFacade database, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        return TokenReader.ReadAsync(((IDatabaseFacadeDependenciesAccessor)database).Context, cancellationToken);
    }

    /// <summary>
    /// Lets every cacheable query of this context, from here on, see at least what the token says. An entry is served only if it is proven to; else the query
    /// waits for this node to catch up (<c>Consistency:MaxWait</c>), and then reads the database. A token of other databases asks for nothing here; one of
    /// a log that this database no longer has (it was restored, or failed over) makes the reads strict.
    /// </summary>
    /// <remarks>As the context itself, not thread-safe. A pooled context forgets it when it is returned. For a whole request: <see cref="ConsistencyScope"/>.</remarks>
    /// <param name="database">The context's database facade.</param>
    /// <param name="token">The token; it is added to those that were required before.</param>
    /// <exception cref="InvalidOperationException">The context has no <c>UseFraiseQLState()</c>.</exception>
    public static void RequireConsistency(this DatabaseFacade database, ConsistencyToken token)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(token);
        var context = ((IDatabaseFacadeDependenciesAccessor)database).Context;
        var session = StateSession.Find(database)
            ?? throw new InvalidOperationException(StateStrings.TokenNeedsUseFraiseQLState(context.GetType().Name));
        session.Require(token);
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
