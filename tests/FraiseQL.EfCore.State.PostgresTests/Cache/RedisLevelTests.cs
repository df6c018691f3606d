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
        using var host = await HostAsync(redis.ConnectionString);
        var cache = Guard(host);
        await Eventually.Until(async () => await StoresAsync(cache, "a"));

        await redis.StopAsync(crash: true);
        Assert.Null(await ReadAsync(cache, "a"));
        Assert.Null(Read(cache, "a"));
        Assert.NotEqual(L2Result.Stored, await cache.WriteAsync("a", new byte[] { 2 }, Minute, CancellationToken.None));
        await Eventually.Until(async () => await ReadAsync(cache, "a") is null && cache.IsOpen);

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
        Assert.Null(await ReadAsync(cache, "a"));
        Assert.Null(Read(cache, "a"));

        await redis.StartAsync();
        await Eventually.Until(async () => await StoresAsync(cache, "a"));
    }

    [Fact]
    public async Task A_Redis_that_accepts_and_never_answers_costs_each_read_the_budget_only()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var proxy = Proxy(redis);
        using var host = await HostAsync(proxy.Address);
        var cache = Guard(host);
        await Eventually.Until(async () => await StoresAsync(cache, "a"));

        var before = cache.Timeouts;
        proxy.Pause();
        Assert.Null(await ReadAsync(cache, "a"));
        Assert.Equal(before + 1, cache.Timeouts);
        proxy.Restore();
        await Eventually.Until(async () => await StoresAsync(cache, "b"));
    }

    [Fact]
    public async Task A_synchronous_read_is_bounded_by_the_budget_too()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var proxy = Proxy(redis);
        using var host = await HostAsync(proxy.Address);
        var cache = Guard(host);
        await Eventually.Until(async () => await StoresAsync(cache, "a"));
        await Eventually.Until(() => Read(cache, "a") is [1]);

        var before = cache.Timeouts;
        proxy.Pause();
        Assert.Null(Read(cache, "a"));
        Assert.Equal(before + 1, cache.Timeouts);
        proxy.Restore();
    }

    [Fact]
    public async Task Values_are_plain_strings_with_an_expiration_and_another_type_under_the_key_is_a_miss()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        using var host = await HostAsync(redis.ConnectionString);
        var cache = Guard(host);
        await Eventually.Until(async () => await StoresAsync(cache, "a"));
        await using var client = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var database = client.GetDatabase();

        Assert.Equal(new byte[] { 1 }, (byte[])(await database.StringGetAsync("fraiseql:a"))!);
        Assert.InRange((await database.KeyTimeToLiveAsync("fraiseql:a"))!.Value, TimeSpan.FromSeconds(1), Minute);

        await database.HashSetAsync("fraiseql:h", "data", "x");
        Assert.Null(await ReadAsync(cache, "h"));
        Assert.Null(Read(cache, "h"));
        Assert.Equal(0, cache.Failures);
        Assert.True(await StoresAsync(cache, "h"));
    }

    [Fact]
    public async Task The_registered_cache_is_a_distributed_cache_in_all_its_forms()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        using var host = await HostAsync(redis.ConnectionString);
        var cache = host.Services.GetRequiredKeyedService<IDistributedCache>(typeof(SomeContext));
        await DistributedCacheContract.CheckAsync((IBufferDistributedCache)cache);
    }

    private static FaultyProxy Proxy(RedisServer redis)
    {
        var parts = redis.ConnectionString.Split(':');
        return FaultyProxy.Start(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private static async Task<bool> StoresAsync(SharedLevel cache, string key)
        => await cache.WriteAsync(key, new byte[] { 1 }, Minute, CancellationToken.None) == L2Result.Stored && await ReadAsync(cache, key) is [1];

    private static async Task<byte[]?> ReadAsync(SharedLevel cache, string key)
    {
        using var buffer = new PayloadBuffer();
        return await cache.ReadAsync(key, buffer, CancellationToken.None) ? buffer.Written.ToArray() : null;
    }

    private static byte[]? Read(SharedLevel cache, string key)
    {
        using var buffer = new PayloadBuffer();
        return cache.Read(key, buffer) ? buffer.Written.ToArray() : null;
    }

    private static SharedLevel Guard(IHost host) => new(
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
