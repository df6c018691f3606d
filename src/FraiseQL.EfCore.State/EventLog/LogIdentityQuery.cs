using Npgsql;

namespace FraiseQL.EfCore.State.EventLog;

/// <summary>Asks a server who it is and what is visible there, in one round trip.</summary>
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
               pg_is_in_recovery()
        """;

    public static async Task<LogState> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var system = await ReadSystemAsync(connection, cancellationToken).ConfigureAwait(false);
        var command = new NpgsqlCommand(Sql, connection);
        await using var _ = command.ConfigureAwait(false);
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = row.ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);

        var table = row.GetString(1);
        return new LogState(
            new LogIdentity($"{system}/{row.GetString(0)}/{table}", row.GetString(2), row.GetString(3)),
            PgSnapshot.Parse(row.GetString(4)),
            table.Length > 0,
            row.GetBoolean(5));
    }

    /// <summary>Everyone may ask by default; a hosted server may have revoked it, and then the database's own id has to do.</summary>
    private static async Task<string> ReadSystemAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
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
