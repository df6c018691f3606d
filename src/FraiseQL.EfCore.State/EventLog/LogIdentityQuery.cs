using Npgsql;

namespace FraiseQL.EfCore.State.EventLog;

/// <summary>Asks a server who it is, what is visible there, and how much of the log is left.</summary>
internal static class LogIdentityQuery
{
    // to_regclass: null instead of an error when the log is not there. A standby has no timeline of its own to tell.
    private const string Sql =
        """
        select (select oid from pg_database where datname = current_database())::text,
               coalesce(to_regclass('fraiseql.change_event')::oid::text, ''),
               case when pg_is_in_recovery() then '' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end,
               extract(epoch from pg_postmaster_start_time())::text,
               pg_current_snapshot()::text,
               pg_is_in_recovery(),
               to_regclass('fraiseql.retention') is not null
        """;

    private const string PrunedSql = "select pruned from fraiseql.retention";

    /// <summary>Readies a connection of our own for reading the log (<see cref="EventLogReader.SessionSettings"/>), and asks.</summary>
    public static async Task<LogState> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(EventLogReader.SessionSettings, connection);
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        return await ReadAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    public static async Task<LogState> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var system = await ReadSystemAsync(connection, cancellationToken).ConfigureAwait(false);
        string database, table, timeline, started;
        PgSnapshot snapshot;
        bool isStandby, hasRetention;
        var command = new NpgsqlCommand(Sql, connection);
        await using (command.ConfigureAwait(false))
        {
            var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = row.ConfigureAwait(false);
            await row.ReadAsync(cancellationToken).ConfigureAwait(false);
            (database, table, timeline, started) = (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3));
            (snapshot, isStandby, hasRetention) = (PgSnapshot.Parse(row.GetString(4)), row.GetBoolean(5), row.GetBoolean(6));
        }

        return new LogState(
            new LogIdentity($"{system}/{database}/{table}", timeline, started),
            snapshot,
            table.Length > 0,
            isStandby,
            hasRetention ? await ReadPrunedAsync(connection, cancellationToken).ConfigureAwait(false) : 0);
    }

    private static async Task<ulong> ReadPrunedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(PrunedSql, connection);
        await using var _ = command.ConfigureAwait(false);
        return (ulong?)await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) ?? 0;
    }

    /// <summary>Everyone may ask by default; a hosted server may have revoked it, and then the database's own id has to do.</summary>
    public static async Task<string> ReadSystemAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            var command = new NpgsqlCommand("select system_identifier::text from pg_control_system()", connection);
            await using var _ = command.ConfigureAwait(false);
            return (string?)await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) ?? "-";
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedFunction)
        {
            return "-";
        }
    }
}
