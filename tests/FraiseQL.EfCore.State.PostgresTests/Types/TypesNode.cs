using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Types;

/// <summary>A node over the table of all types.</summary>
internal sealed class TypesNode : IAsyncDisposable
{
    private readonly IHost _host;

    private TypesNode(IHost host) => _host = host;

    public CommandCounter Commands { get; } = new();

    public FakeLogCollector Logs => _host.Services.GetRequiredService<FakeLogCollector>();

    public static void Use(DbContextOptionsBuilder options, string connectionString) => options
        .UseNpgsql(connectionString, o => o.UseNodaTime().MapEnum<Mood>().ConfigureDataSource(d => d.EnableDynamicJson()))
        .UseFraiseQLState();

    public static async Task<TypesNode> StartAsync(string connectionString, string? redis)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging().AddProvider(new SearchedLog());
        CommandCounter? commands = null;
        builder.Services.AddDbContextFactory<TypesContext>(o =>
        {
            Use(o, connectionString);
            o.AddInterceptors(commands!, commands!.Connections);
        });

        // A loaded test machine must not look like a failing Redis.
        var state = builder.Services.AddFraiseQLState<TypesContext>(configure: o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(5)).AddNodaTime();
        if (redis is not null)
        {
            state.AddRedis(redis);
        }

        var node = new TypesNode(builder.Build());
        commands = node.Commands;
        await node._host.StartAsync();
        await Eventually.Until(
            async () =>
            {
                await using var db = node.CreateContext();
                await db.Holders.Cacheable().CountAsync();
                return db.Database.GetCacheOutcome() != CacheOutcome.Bypass;
            },
            TimeSpan.FromSeconds(30));
        return node;
    }

    public TypesContext CreateContext() => _host.Services.GetRequiredService<IDbContextFactory<TypesContext>>().CreateDbContext();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
