using FraiseQL.EfCore.State.Cache;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Cache;

/// <summary>The Redis satellite behind the guard, on a real server that is stopped and started.</summary>
[Feature("S1.1-l2-redis")]
[Feature("S0-cache-is-optimization")]
public sealed class RedisLevelTests
{
    private static readonly DistributedCacheEntryOptions Minute = new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) };

    [Fact]
    public async Task A_Redis_that_is_stopped_is_a_miss_and_one_that_returns_is_used_again()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        using var host = await HostAsync(redis.ConnectionString);
        var cache = Guard(host);
        await Eventually.Until(async () => await StoresAsync(cache, "a"));

        await redis.StopAsync(crash: true);
        Assert.Null(await cache.GetAsync("a"));
        await cache.SetAsync("a", [2], Minute);
        await Eventually.Until(async () => await cache.GetAsync("a") is null && cache.IsOpen);

        await redis.StartAsync();
        await Eventually.Until(async () => await StoresAsync(cache, "b"));
        Assert.False(cache.IsOpen);
    }

    [Fact]
    public async Task The_host_starts_without_Redis_and_uses_it_once_it_is_there()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await redis.StopAsync();
        using var host = await HostAsync("redis://" + redis.ConnectionString);
        var cache = Guard(host);
        Assert.Null(await cache.GetAsync("a"));

        await redis.StartAsync();
        await Eventually.Until(async () => await StoresAsync(cache, "a"));
    }

    [Fact]
    public async Task A_Redis_that_accepts_and_never_answers_costs_each_read_the_budget_only()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        var parts = redis.ConnectionString.Split(':');
        await using var proxy = FaultyProxy.Start(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
        using var host = await HostAsync(proxy.Address);
        var cache = Guard(host);
        await Eventually.Until(async () => await StoresAsync(cache, "a"));

        var before = cache.Timeouts;
        proxy.Pause();
        Assert.Null(await cache.GetAsync("a"));
        Assert.Equal(before + 1, cache.Timeouts);
        proxy.Restore();
        await Eventually.Until(async () => await StoresAsync(cache, "b"));
    }

    private static async Task<bool> StoresAsync(GuardedDistributedCache cache, string key)
    {
        await cache.SetAsync(key, [1], Minute);
        return await cache.GetAsync(key) is [1];
    }

    private static GuardedDistributedCache Guard(IHost host) => new(
        host.Services.GetRequiredKeyedService<IDistributedCache>(typeof(SomeContext)), new L2Options(), TimeProvider.System, NullLogger.Instance);

    private static async Task<IHost> HostAsync(string redis)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddFraiseQLState<SomeContext>(configure: options => options.Cdc.Enabled = false).AddRedis(redis);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private sealed class SomeContext : DbContext;
}
