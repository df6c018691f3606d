using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>Work that must be in a transaction: the one that is open, or one of its own.</summary>
internal static class OwnTransaction
{
    /// <summary>Runs the work, and commits what was begun for it.</summary>
    /// <param name="connection">The context's connection.</param>
    /// <param name="work">The work; synchronous if <paramref name="async"/> is not set.</param>
    /// <param name="async">Whether to wait without a thread.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<T> RunAsync<T>(IRelationalConnection connection, Func<Task<T>> work, bool async, CancellationToken cancellationToken)
    {
        _ = async ? await connection.OpenAsync(cancellationToken).ConfigureAwait(false) : connection.Open();
        IDbContextTransaction? own = null;
        try
        {
            own = StateSession.IsInTransaction(connection) ? null
                : async ? await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false) : connection.BeginTransaction();
            var result = await work().ConfigureAwait(false);
            if (async)
            {
                await (own?.CommitAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            }
            else
            {
                own?.Commit();
            }

            return result;
        }
        finally
        {
            if (async)
            {
                if (own is not null)
                {
                    await own.DisposeAsync().ConfigureAwait(false);
                }

                await connection.CloseAsync().ConfigureAwait(false);
            }
            else
            {
                own?.Dispose();
                connection.Close();
            }
        }
    }
}
