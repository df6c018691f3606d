using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace FraiseQL.EfCore.State.Consistency;

/// <summary>Asks the database where it is: one round trip, and more only when the server is not the one that was known.</summary>
internal static class TokenReader
{
    // What was asked before the position may not be later than it: in one statement nothing is.
    private const string Sql =
        """
        select (select oid from pg_catalog.pg_database where datname = current_database())::text,
               coalesce((select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'fraiseql' and c.relname = 'change_event')::text, ''),
               pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8),
               extract(epoch from pg_catalog.pg_postmaster_start_time())::text,
               pg_catalog.pg_current_snapshot()::text,
               (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_catalog.pg_lsn)::bigint
        """;

    public static async Task<ConsistencyToken> ReadAsync(DbContext context, CancellationToken cancellationToken)
    {
        var session = StateSession.Find(context)
            ?? throw new InvalidOperationException(StateStrings.TokenNeedsUseFraiseQLState(context.GetType().Name));
        if (StateSession.IsInTransaction(session.Connection))
        {
            throw new InvalidOperationException(StateStrings.TokenInTransaction);
        }

        return await context.Database.CreateExecutionStrategy().ExecuteAsync(
            token => ReadAsync(session, session.Connection, token), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<ConsistencyToken> ReadAsync(StateSession session, IRelationalConnection connection, CancellationToken cancellationToken)
    {
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var open = (NpgsqlConnection)connection.DbConnection;
            var command = new NpgsqlCommand(Sql, open);
            await using var disposeCommand = command.ConfigureAwait(false);
            string database, table, timeline, started;
            PgSnapshot position;
            ulong wal;
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                await row.ReadAsync(cancellationToken).ConfigureAwait(false);
                (database, table, timeline, started) = (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3));
                (position, wal) = (PgSnapshot.Parse(row.GetString(4)), (ulong)row.GetInt64(5));
            }

            // A server that has run since the last time is the same server.
            var state = session.DatabaseOf(connection);
            if (state.Server is not { } server || server.Started != started)
            {
                state.Server = server = (started, await LogIdentityQuery.ReadSystemAsync(open, cancellationToken).ConfigureAwait(false));
            }

            var identity = new LogIdentity($"{server.System}/{database}/{table}", timeline, started);
            return new ConsistencyToken([new TokenPart(TokenPart.DatabaseOf(open.Database), TokenPart.LogOf(identity), position, wal)]);
        }
        catch (PostgresException error) when (error.SqlState == "55000")
        {
            // Recovery is in progress.
            throw new InvalidOperationException(StateStrings.TokenOnStandby, error);
        }
        finally
        {
            await connection.CloseAsync().ConfigureAwait(false);
        }
    }
}
