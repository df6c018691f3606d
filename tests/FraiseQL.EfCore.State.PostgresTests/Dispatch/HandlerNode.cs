using FraiseQL.EfCore.State.Listener;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

/// <summary>A node of a cluster: a host with the listener and the handlers of a test.</summary>
internal sealed class HandlerNode : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _stopped = true;

    private HandlerNode(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public FakeLogCollector Log => Services.GetRequiredService<FakeLogCollector>();

    public ListenerStatus Listener => Services.GetRequiredKeyedService<ListenerStatus>(typeof(ShopContext));

    public bool RunsHandlers => Said(FraiseQLStateEventId.HandlersTaken) > Said(FraiseQLStateEventId.HandlersReleased) + Said(FraiseQLStateEventId.HandlersLost);

    /// <summary>A new database with the tables, the log and the triggers of the model.</summary>
    public static async Task<string> CreateDatabaseAsync()
    {
        var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await using var db = Context(connectionString);
        await db.Database.EnsureCreatedAsync();
        return connectionString;
    }

    public static ShopContext Context(string connectionString)
        => new(new DbContextOptionsBuilder<ShopContext>().UseNpgsql(connectionString).UseFraiseQLState().Options);

    public static HandlerNode Create(
        string connectionString, Action<FraiseQLStateBuilder> handlers, Action<CdcOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging().AddProvider(new SearchedLog());
        builder.Services.AddDbContext<ShopContext>(o => o.UseNpgsql(connectionString).UseFraiseQLState());
        services?.Invoke(builder.Services);
        handlers(builder.Services.AddFraiseQLState<ShopContext>(configure: o =>
        {
            o.Cdc.HandlerLease = TimeSpan.FromSeconds(1.5);
            o.Cdc.Retry.MinDelay = TimeSpan.FromMilliseconds(5);
            configure?.Invoke(o.Cdc);
        }));
        return new HandlerNode(builder.Build());
    }

    /// <summary>Starts a node; without a wait for the handlers it may be one that another node keeps from running them.</summary>
    public static async Task<HandlerNode> StartAsync(
        string connectionString, Action<FraiseQLStateBuilder> handlers, Action<CdcOptions>? configure = null, bool runsHandlers = true,
        Action<IServiceCollection>? services = null)
    {
        var node = Create(connectionString, handlers, configure, services);
        await node.StartAsync();
        await Eventually.Until(() => node.Listener.Connected);
        if (runsHandlers)
        {
            await Eventually.Until(() => node.RunsHandlers);
        }

        return node;
    }

    public async Task StartAsync()
    {
        await _host.StartAsync();
        _stopped = false;
    }

    public int Said(int eventId) => Log.GetSnapshot().Count(record => record.Id.Id == eventId);

    public async Task StopAsync()
    {
        _stopped = true;
        await _host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            await _host.StopAsync();
        }

        _host.Dispose();
    }
}
