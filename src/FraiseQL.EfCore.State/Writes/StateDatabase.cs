using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Npgsql;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>
/// Stands around EF's database service, where SaveChanges has found its entries, their changes are detected once, and the generated values are
/// known when it returns: what an interceptor of SaveChanges would have to detect a second time.
/// </summary>
internal sealed class StateDatabase(IDatabase inner, StateSession session, IRelationalConnection connection) : IDatabase
{
    public int SaveChanges(IList<IUpdateEntry> entries)
    {
        var writes = TrackedWrites.Before(entries);
        try
        {
            if (session.Capture is { } capture)
            {
                return capture.SaveAsync(entries, () => Task.FromResult(inner.SaveChanges(entries)), () => Publish(writes), async: false, CancellationToken.None)
                    .GetAwaiter().GetResult();
            }

            return session.IsIsolated
                ? OwnTransaction.RunAsync(connection, () => Task.FromResult(Save()), async: false, CancellationToken.None).GetAwaiter().GetResult()
                : Save();

            int Save()
            {
                var saved = inner.SaveChanges(entries);
                Publish(writes);
                return saved;
            }
        }
        catch (Exception exception)
        {
            Failed(writes, exception);
            throw;
        }
    }

    public async Task<int> SaveChangesAsync(IList<IUpdateEntry> entries, CancellationToken cancellationToken = default)
    {
        var writes = TrackedWrites.Before(entries);
        try
        {
            if (session.Capture is { } capture)
            {
                return await capture.SaveAsync(
                    entries, () => inner.SaveChangesAsync(entries, cancellationToken), () => Publish(writes), async: true, cancellationToken).ConfigureAwait(false);
            }

            return await (session.IsIsolated ? OwnTransaction.RunAsync(connection, SaveAsync, async: true, cancellationToken) : SaveAsync()).ConfigureAwait(false);

            async Task<int> SaveAsync()
            {
                var saved = await inner.SaveChangesAsync(entries, cancellationToken).ConfigureAwait(false);
                Publish(writes);
                return saved;
            }
        }
        catch (Exception exception)
        {
            Failed(writes, exception);
            throw;
        }
    }

    public Func<QueryContext, TResult> CompileQuery<TResult>(Expression query, bool async) => inner.CompileQuery<TResult>(query, async);

#pragma warning disable EF9100 // Passed through as it is.
    public Expression<Func<QueryContext, TResult>> CompileQueryExpression<TResult>(Expression query, bool async)
        => inner.CompileQueryExpression<TResult>(query, async);
#pragma warning restore EF9100

    private void Publish(TrackedWrites writes)
    {
        writes.After();
        session.Wrote(connection, writes.AddTo);
    }

    // An error of the server, or EF's own before it sent anything, has changed nothing; a lost connection may have hidden a commit.
    private void Failed(TrackedWrites writes, Exception exception)
    {
        if (exception.GetBaseException() is PostgresException or InvalidOperationException)
        {
            return;
        }

        session.Wrote(connection, writes.AddTo);
    }
}
