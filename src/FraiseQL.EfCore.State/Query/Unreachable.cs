using System.Net.Sockets;
using Npgsql;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Tells an error that says nothing but "the database cannot be asked now" from one that is the answer to the query.</summary>
internal static class Unreachable
{
    public static bool Is(Exception exception) => exception switch
    {
        // Connection failures, shutting down, starting up, too many connections; not deadlocks, which are transient too but an answer.
        PostgresException postgres => postgres.SqlState.StartsWith("08", StringComparison.Ordinal)
            || postgres.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.TooManyConnections,
        NpgsqlException or SocketException or TimeoutException or IOException => true,
        _ => exception is InvalidOperationException { InnerException: { } inner } && Is(inner),
    };
}
