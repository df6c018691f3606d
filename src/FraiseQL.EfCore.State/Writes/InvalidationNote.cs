using System.Data.Common;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>
/// A call to invalidate: an event in the log, so that every node learns it where it learns of changes, and this node's cells as after a write.
/// </summary>
/// <remarks>Written on the context's connection, beneath EF: to EF it would be SQL of the application, which may have changed anything.</remarks>
internal static class InvalidationNote
{
    // By the catalog's own tables: looking a name up in a schema that one may not use is an error, and would end the caller's transaction.
    private const string RightsSql =
        """
        select c.oid is not null, p.oid is not null,
               coalesce(pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_function_privilege(p.oid, 'execute'), false)
        from (select) one
        left join pg_catalog.pg_namespace n on n.nspname = 'fraiseql'
        left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'change_event'
        left join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = 'invalidate'
        """;

    private const string Sql = "select fraiseql.invalidate($1)";

    /// <summary>Takes effect at once, or with the transaction that is open.</summary>
    public static async Task WriteAsync(DbContext context, Action<CacheInvalidation> what, CancellationToken cancellationToken)
    {
        var session = StateSession.Find(context)
            ?? throw new InvalidOperationException(StateStrings.InvalidateNeedsUseFraiseQLState(context.GetType().Name));
        var invalidation = new CacheInvalidation(context.Model);
        what(invalidation);
        if (invalidation.Targets.Count == 0)
        {
            return;
        }

        var connection = session.Connection;
        var json = InvalidationTargets.ToJson(invalidation.Targets);
        if (StateSession.IsInTransaction(connection))
        {
            await NoteAsync(session, connection, json, cancellationToken).ConfigureAwait(false);
            session.Wrote(connection, pending => pending.Invalidate(invalidation.Targets));
            return;
        }

        try
        {
            await context.Database.CreateExecutionStrategy().ExecuteAsync(
                token => NoteAsync(session, connection, json, token), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (Unreachable.Is(error))
        {
            throw new InvalidOperationException(StateStrings.InvalidationNotTold, error);
        }
        finally
        {
            // Whatever has become of the others, and after the commit: what is read from here on is newer.
            session.Wrote(connection, pending => pending.Invalidate(invalidation.Targets));
        }
    }

    private static async Task NoteAsync(StateSession session, IRelationalConnection connection, string json, CancellationToken cancellationToken)
    {
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await CanNoteAsync(session, connection, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            var command = Command(connection, Sql);
            await using var _ = command.ConfigureAwait(false);
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Json, Value = json });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await connection.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Whether there is a log; asked until there is one.</summary>
    private static async Task<bool> CanNoteAsync(StateSession session, IRelationalConnection connection, CancellationToken cancellationToken)
    {
        var database = session.DatabaseOf(connection);
        if (database.CanInvalidate)
        {
            return true;
        }

        var command = Command(connection, RightsSql);
        await using var disposeCommand = command.ConfigureAwait(false);
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = row.ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (!row.GetBoolean(0))
        {
            return false;
        }

        if (!row.GetBoolean(2))
        {
            throw new InvalidOperationException(row.GetBoolean(1) ? StateStrings.InvalidateMissingRight : StateStrings.InvalidateMissingFunction);
        }

        return database.CanInvalidate = true;
    }

    private static DbCommand Command(IRelationalConnection connection, string sql)
    {
        var command = connection.DbConnection.CreateCommand();
#pragma warning disable CA2100 // One of the constants above.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Transaction = connection.CurrentTransaction?.GetDbTransaction();
        return command;
    }
}
