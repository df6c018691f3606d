using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.Cache;

/// <summary><c>Cache:L2:MaxSizeMb</c> beside the limit that the server really has.</summary>
[Feature("S1.1-l2-size")]
[Feature("S8.1-l2-max")]
public sealed class SharedSizeTests
{
    private const int Memcached64 = 64;

    [Fact]
    public async Task A_Redis_without_a_limit_with_a_smaller_one_or_without_eviction_is_reported_and_a_fitting_one_is_not()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        using var client = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString + ",allowAdmin=true");
        var server = client.GetServers().Single();
        Assert.Contains("has no memory limit", await ProblemAsync(s => s.AddRedis(redis.ConnectionString), 100), StringComparison.Ordinal);

        await server.ConfigSetAsync("maxmemory", "50mb");
        await server.ConfigSetAsync("maxmemory-policy", "allkeys-lru");
        Assert.Contains("keeps at most 50 MB", await ProblemAsync(s => s.AddRedis(redis.ConnectionString), 100), StringComparison.Ordinal);
        Assert.Null(await ProblemAsync(s => s.AddRedis(redis.ConnectionString), 50));

        await server.ConfigSetAsync("maxmemory-policy", "noeviction");
        Assert.Contains("refuses writes once it is full", await ProblemAsync(s => s.AddRedis(redis.ConnectionString), 50), StringComparison.Ordinal);
        Assert.Null(await ProblemAsync(s => s.AddRedis(redis.ConnectionString), null));
    }

    [Fact]
    public async Task Of_Memcached_the_limits_of_all_servers_count_together()
    {
        var one = await MemcachedServer.SharedAsync();
        await using var other = await MemcachedServer.StartPrivateAsync();
        Assert.Null(await ProblemAsync(s => s.AddMemcached(one.ConnectionString), Memcached64));
        Assert.Contains("keeps at most 64 MB", await ProblemAsync(s => s.AddMemcached(one.ConnectionString), Memcached64 + 1), StringComparison.Ordinal);
        Assert.Null(await ProblemAsync(s => s.AddMemcached($"{one.ConnectionString},{other.ConnectionString}"), 2 * Memcached64));
    }

    [Fact]
    public async Task A_cache_that_does_not_tell_its_limit_is_reported()
        => Assert.Contains("does not say how much it keeps", await ProblemAsync(
            s => s.AddDistributedCache(_ => new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions()))), 100), StringComparison.Ordinal);

    [Fact]
    public async Task A_server_that_is_not_there_yet_is_asked_when_it_is()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await redis.StopAsync();
        using var host = await StartAsync(s => s.AddRedis(redis.ConnectionString), 100);
        await redis.StartAsync();
        await Eventually.Until(() => Problem(host) is not null, TimeSpan.FromSeconds(30));
        await host.StopAsync();
    }

    private static async Task<string?> ProblemAsync(Action<FraiseQLStateBuilder> level, int? maxSizeMb)
    {
        using var host = await StartAsync(level, maxSizeMb);

        // The check is the whole of this background service, which ends with it.
        var checks = host.Services.GetServices<IHostedService>().OfType<BackgroundService>().Where(s => s.GetType().Name == "SharedLevelStart");
        await Eventually.Until(() => checks.All(c => c.ExecuteTask is null or { IsCompleted: true }));
        await host.StopAsync();
        return Problem(host);
    }

    private static string? Problem(IHost host)
        => host.Services.GetFakeLogCollector().GetSnapshot().SingleOrDefault(r => r.Id.Name == "SharedCacheSize")?.Message;

    private static async Task<IHost> StartAsync(Action<FraiseQLStateBuilder> level, int? maxSizeMb)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.AddFakeLogging();
        level(builder.Services.AddFraiseQLState<SizedContext>(configure: options =>
        {
            options.Cdc.Enabled = false;
            options.Cache.L2.MaxSizeMb = maxSizeMb;
        }));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    internal sealed class SizedContext : DbContext;
}
