using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>An application's host with its own memory cache and listener.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly IHost _host;

    private Node(IHost host) => _host = host;

    public StateRuntime Runtime => _host.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext));

    public ListenerStatus Listener => _host.Services.GetRequiredKeyedService<ListenerStatus>(typeof(BlogContext));

    public static async Task<Node> StartAsync(string connectionString, string? redis = null, Action<FraiseQLStateOptions>? configure = null, bool frontEnd = false, IInterceptor[]? interceptors = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddPooledDbContextFactory<BlogContext>(o => o.UseNpgsql(connectionString).AddInterceptors(interceptors ?? []).UseFraiseQLState(s =>
        {
            if (frontEnd)
            {
                s.UseFastFrontEnd();
            }
        }));
        var state = builder.Services.AddFraiseQLState<BlogContext>(configure: configure);
        if (redis is not null)
        {
            state.AddRedis(redis);
        }

        var host = builder.Build();
        await host.StartAsync();
        var node = new Node(host);
        await using var db = node.Context();
        while (true)
        {
            await db.Tags.Cacheable().CountAsync();
            if (db.Database.GetCacheOutcome() is not CacheOutcome.Bypass)
            {
                return node;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public BlogContext Context() => _host.Services.GetRequiredService<IDbContextFactory<BlogContext>>().CreateDbContext();

    /// <summary>Waits until the listener has applied everything that is committed now.</summary>
    public async Task CaughtUpAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT pg_current_snapshot()::text", connection);
        var now = PgSnapshot.Parse((string)(await command.ExecuteScalarAsync())!);
        Runtime.ListenerWake.Ring();
        while (Listener.Position?.Contains(now) != true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
