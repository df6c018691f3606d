using System.Globalization;
using FraiseQL.EfCore.State.Cache;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.Cache;

/// <summary>The Redis satellite behind the guard, on a real server that is stopped and started.</summary>
[Feature("S1.1-l2-redis")]
[Feature("S0-cache-is-optimization")]
public sealed class RedisLevelTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_Redis_that_is_stopped_is_a_miss_and_one_that_returns_is_used_again()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        using var host = await LevelHost.StartAsync(s => s.AddRedis(redis.ConnectionString));
        var cache = host.Level;
        await Eventually.Until(async () => await cache.StoresAsync("a"));

        await redis.StopAsync(crash: true);
        Assert.Null(await cache.BytesAsync("a"));
        Assert.Null(cache.Bytes("a"));
        Assert.NotEqual(L2Result.Stored, await cache.WriteAsync("a", new byte[] { 2 }, Minute, CancellationToken.None));
        await Eventually.Until(async () => await cache.BytesAsync("a") is null && cache.IsOpen);

        await redis.StartAsync();
        await Eventually.Until(async () => await cache.StoresAsync("b"));
        Assert.False(cache.IsOpen);
    }

    [Fact]
    public async Task The_host_starts_without_Redis_and_uses_it_once_it_is_there()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await redis.StopAsync();
        using var host = await LevelHost.StartAsync(s => s.AddRedis("redis://" + redis.ConnectionString));
        var cache = host.Level;
        Assert.Null(await cache.BytesAsync("a"));
        Assert.Null(cache.Bytes("a"));

        await redis.StartAsync();
        await Eventually.Until(async () => await cache.StoresAsync("a"));
    }

    [Fact]
    public async Task A_Redis_that_accepts_and_never_answers_costs_each_read_the_budget_only()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var proxy = Proxy(redis);
        using var host = await LevelHost.StartAsync(s => s.AddRedis(proxy.Address));
        var cache = host.Level;
        await Eventually.Until(async () => await cache.StoresAsync("a"));

        var before = cache.Timeouts;
        proxy.Pause();
        Assert.Null(await cache.BytesAsync("a"));
        Assert.Equal(before + 1, cache.Timeouts);
        proxy.Restore();
        await Eventually.Until(async () => await cache.StoresAsync("b"));
    }

    [Fact]
    public async Task A_synchronous_read_is_bounded_by_the_budget_too()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var proxy = Proxy(redis);
        using var host = await LevelHost.StartAsync(s => s.AddRedis(proxy.Address));
        var cache = host.Level;
        await Eventually.Until(async () => await cache.StoresAsync("a"));
        await Eventually.Until(() => cache.Bytes("a") is [1]);

        var before = cache.Timeouts;
        proxy.Pause();
        Assert.Null(cache.Bytes("a"));
        Assert.Equal(before + 1, cache.Timeouts);
        proxy.Restore();
    }

    [Fact]
    public async Task Values_are_plain_strings_with_an_expiration_and_another_type_under_the_key_is_a_miss()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        using var host = await LevelHost.StartAsync(s => s.AddRedis(redis.ConnectionString));
        var cache = host.Level;
        await Eventually.Until(async () => await cache.StoresAsync("a"));
        await using var client = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var database = client.GetDatabase();

        Assert.Equal(new byte[] { 1 }, (byte[])(await database.StringGetAsync("fraiseql:a"))!);
        Assert.InRange((await database.KeyTimeToLiveAsync("fraiseql:a"))!.Value, TimeSpan.FromSeconds(1), Minute);

        await database.HashSetAsync("fraiseql:h", "data", "x");
        Assert.Null(await cache.BytesAsync("h"));
        Assert.Null(cache.Bytes("h"));
        Assert.Equal(0, cache.Failures);
        Assert.True(await cache.StoresAsync("h"));
    }

    [Fact]
    public async Task The_registered_cache_is_a_distributed_cache_in_all_its_forms()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        using var host = await LevelHost.StartAsync(s => s.AddRedis(redis.ConnectionString));
        var cache = host.Cache;
        await DistributedCacheContract.CheckAsync((IBufferDistributedCache)cache);
    }

    private static FaultyProxy Proxy(RedisServer redis)
    {
        var parts = redis.ConnectionString.Split(':');
        return FaultyProxy.Start(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
