using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>How far nodes are in the log.</summary>
internal static class CaughtUp
{
    public static FreshnessLedger LedgerOf(Node node, string connectionString)
        => node.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).LedgerOf(DatabaseIdentity.Of(connectionString).Domain);

    /// <summary>What is committed now.</summary>
    public static async Task<PgSnapshot> CommittedAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_current_snapshot()::text", connection);
        return PgSnapshot.Parse((string)(await command.ExecuteScalarAsync())!);
    }

    /// <summary>Waits until each node has applied everything that is committed now.</summary>
    public static async Task AllAsync(string connectionString, params IEnumerable<Node> nodes)
    {
        var now = await CommittedAsync(connectionString);
        foreach (var node in nodes)
        {
            var ledger = LedgerOf(node, connectionString);

            // Rung as a commit of this node rings: otherwise an idle listener would look a second later only.
            node.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).ListenerWake.Ring();
            await Eventually.Until(() => ledger.Position?.Contains(now) == true, TimeSpan.FromSeconds(30));
        }
    }
}
