namespace FraiseQL.EfCore.State.Model;

/// <summary>Functions of PostgreSQL, by what they mean for a result that is kept.</summary>
internal static class ServerFunctions
{
    // STABLE ones are here too: they are constant within a statement, not between two.
    private static readonly HashSet<string> s_volatile = new(StringComparer.OrdinalIgnoreCase)
    {
        "now", "random", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "gen_random_uuid", "uuidv4", "uuidv7",
        "uuid_generate_v1", "uuid_generate_v4", "nextval", "currval", "lastval", "setseed", "txid_current", "pg_current_xact_id",
        "current_setting", "set_config", "pg_sleep", "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp",
        "age", "version", "pg_backend_pid", "inet_client_addr", "current_user", "session_user", "user",
        "current_database", "current_schema", "current_schemas", "pg_current_snapshot", "pg_is_in_recovery", "random_normal",
        "has_table_privilege", "row_security_active", "pg_has_role", "inet_server_addr", "pg_postmaster_start_time", "txid_current_snapshot",
    };

    /// <summary>Whether the function gives another value in another statement or session, with nothing having changed in a table.</summary>
    public static bool IsVolatile(string name) => s_volatile.Contains(name);
}
