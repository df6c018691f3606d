using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>
/// Invalidates when EF's transaction has committed, and not when it was rolled back. A rolled back savepoint keeps what it had: too much is no fault.
/// Begins transactions with <c>Consistency:Isolation</c>.
/// </summary>
internal sealed class StateTransactionInterceptor : DbTransactionInterceptor
{
    public override InterceptionResult<DbTransaction> TransactionStarting(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
        => IsolationOf(eventData, result) is { } level ? InterceptionResult<DbTransaction>.SuppressWithResult(connection.BeginTransaction(level)) : result;

    public override async ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
        => IsolationOf(eventData, result) is { } level
            ? InterceptionResult<DbTransaction>.SuppressWithResult(await connection.BeginTransactionAsync(level, cancellationToken).ConfigureAwait(false))
            : result;

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Committed(eventData);

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Committed(eventData);
        return Task.CompletedTask;
    }

    public override void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => SessionOf(eventData)?.Discard();

    public override Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData)?.Discard();
        return Task.CompletedTask;
    }

    // A commit that fails on its way back may have been carried out.
    public override void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData)
    {
        if (eventData.Action == "Commit")
        {
            Committed(eventData);
        }
    }

    public override Task TransactionFailedAsync(DbTransaction transaction, TransactionErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionFailed(transaction, eventData);
        return Task.CompletedTask;
    }

    // Who says nothing gets what the configuration says.
    private static IsolationLevel? IsolationOf(TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
        => eventData.IsolationLevel == IsolationLevel.Unspecified && !result.HasResult ? SessionOf(eventData)?.Runtime.Options.Consistency.Isolation : null;

    private static void Committed(DbContextEventData eventData)
    {
        if (SessionOf(eventData) is { } session)
        {
            session.Publish(eventData.Context!.GetService<IRelationalConnection>());
        }
    }

    private static StateSession? SessionOf(DbContextEventData eventData) => eventData.Context?.GetService<StateSession>();
}
