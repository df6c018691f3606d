using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

internal sealed class PooledShapesContext(DbContextOptions<PooledShapesContext> options) : ShapesContext(options);

internal sealed class RetryingShapesContext(DbContextOptions<RetryingShapesContext> options) : ShapesContext(options);

internal sealed class LazyShapesContext(DbContextOptions<LazyShapesContext> options) : ShapesContext(options);

/// <summary>One node over the shapes, with every kind of context that an application may register; they share its cache.</summary>
internal sealed class ShapesNode : IAsyncDisposable
{
    private readonly IHost _host;

    private ShapesNode(IHost host) => _host = host;

    public CommandCounter Commands { get; } = new();

    public FakeLogCollector Logs => _host.Services.GetRequiredService<FakeLogCollector>();

    public IServiceProvider Services => _host.Services;

    public static async Task<ShapesNode> StartAsync(string connectionString, string? redis = null, Action<FraiseQLStateOptions>? configure = null, bool frontEnd = false)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging().AddProvider(new SearchedLog());
        CommandCounter? commands = null;
        void Use(DbContextOptionsBuilder o)
        {
            o.UseNpgsql(connectionString).UseFraiseQLState().AddInterceptors(commands!, commands!.Connections);
            if (frontEnd)
            {
                o.UseFraiseQLState(s => s.UseFastFrontEnd());
            }
        }

        builder.Services.AddDbContextFactory<ShapesContext>(Use);
        builder.Services.AddPooledDbContextFactory<PooledShapesContext>(Use);
        builder.Services.AddDbContextFactory<RetryingShapesContext>(o =>
        {
            Use(o);
            o.UseNpgsql(n => n.EnableRetryOnFailure());
        });
        builder.Services.AddDbContextFactory<LazyShapesContext>(o =>
        {
            Use(o);
            o.UseLazyLoadingProxies(p => p.IgnoreNonVirtualNavigations());
        });
        var state = builder.Services.AddFraiseQLState<ShapesContext>(configure: configure);
        if (redis is not null)
        {
            state.AddRedis(redis);
        }

        var node = new ShapesNode(builder.Build());
        commands = node.Commands;
        await node._host.StartAsync();
        await Eventually.Until(
            async () =>
            {
                await using var db = node.CreateContext();
                await db.Clubs.Cacheable().CountAsync();
                return db.Database.GetCacheOutcome() != CacheOutcome.Bypass;
            },
            TimeSpan.FromSeconds(20));
        return node;
    }

    public ShapesContext CreateContext(ContextKind kind = ContextKind.Factory) => kind switch
    {
        ContextKind.Pooled => Create<PooledShapesContext>(),
        ContextKind.Retrying => Create<RetryingShapesContext>(),
        ContextKind.Lazy => Create<LazyShapesContext>(),
        _ => Create<ShapesContext>(),
    };

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private TContext Create<TContext>()
        where TContext : DbContext
        => Services.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();
}
