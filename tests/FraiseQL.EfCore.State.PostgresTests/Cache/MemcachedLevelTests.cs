using System.Globalization;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Memcached;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Cache;

/// <summary>The Memcached satellite behind the guard, on real servers that are stopped and started.</summary>
[Feature("S1.1-l2-memcached")]
[Feature("S0-cache-is-optimization")]
public sealed class MemcachedLevelTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_Memcached_that_is_stopped_is_a_miss_and_one_that_returns_is_used_again()
    {
        await using var memcached = await MemcachedServer.StartPrivateAsync();
        using var host = await LevelHost.StartAsync(s => s.AddMemcached(memcached.ConnectionString));
        var cache = host.Level;
        await Eventually.Until(async () => await cache.StoresAsync("a"));
        await Eventually.Until(() => cache.Bytes("a") is [1]);

        await memcached.StopAsync(crash: true);
        Assert.Null(await cache.BytesAsync("a"));
        Assert.Null(cache.Bytes("a"));
        await Eventually.Until(async () => await cache.BytesAsync("a") is null && cache.IsOpen);

        await memcached.StartAsync();
        await Eventually.Until(async () => await cache.StoresAsync("b"));
        Assert.False(cache.IsOpen);
    }

    [Fact]
    public async Task The_host_starts_without_Memcached_and_uses_it_once_it_is_there()
    {
        await using var memcached = await MemcachedServer.StartPrivateAsync();
        await memcached.StopAsync();
        using var host = await LevelHost.StartAsync(s => s.AddMemcached("memcached://" + memcached.ConnectionString));
        var cache = host.Level;
        Assert.Null(await cache.BytesAsync("a"));
        Assert.Null(cache.Bytes("a"));

        await memcached.StartAsync();
        await Eventually.Until(async () => await cache.StoresAsync("a"));
    }

    [Fact]
    public async Task A_Memcached_that_accepts_and_never_answers_costs_each_read_the_budget_only()
    {
        await using var memcached = await MemcachedServer.StartPrivateAsync();
        var address = Address(memcached);
        await using var proxy = FaultyProxy.Start(address.Host, address.Port);
        using var host = await LevelHost.StartAsync(s => s.AddMemcached(proxy.Address));
        var cache = host.Level;
        await Eventually.Until(async () => await cache.StoresAsync("a"));

        var before = cache.Timeouts;
        proxy.Pause();
        Assert.Null(await cache.BytesAsync("a"));
        Assert.Null(cache.Bytes("a"));
        Assert.InRange(cache.Timeouts, before + 1, before + 2);
        proxy.Restore();
        await Eventually.Until(async () => await cache.StoresAsync("b"));
    }

    [Fact]
    public async Task The_registered_cache_is_a_distributed_cache_in_all_its_forms()
    {
        var memcached = await MemcachedServer.SharedAsync();
        using var host = await LevelHost.StartAsync(s => s.AddMemcached(memcached.ConnectionString));
        await DistributedCacheContract.CheckAsync(
            (IBufferDistributedCache)host.Cache);
    }

    [Fact]
    public async Task Strange_and_long_keys_are_stored_each_for_itself()
    {
        using var cache = Cache(await MemcachedServer.SharedAsync());
        string[] keys = ["plain", "a key", "a\r\nkey", "ключ", new('k', 250), new('k', 251), new('k', 252), new('é', 93), new('é', 94)];
        foreach (var (i, key) in keys.Index())
        {
            Assert.True(await cache.WriteAsync(key, new[] { (byte)i }, Minute, Patient, CancellationToken.None));
        }

        foreach (var (i, key) in keys.Index())
        {
            Assert.Equal([(byte)i], (await cache.GetAsync(key))!);
        }
    }

    [Fact]
    public async Task A_value_over_the_servers_item_size_is_not_stored_and_the_connection_goes_on()
    {
        using var cache = Cache(await MemcachedServer.SharedAsync());
        Assert.True(await cache.WriteAsync("size", new byte[1_000_000], Minute, Patient, CancellationToken.None));
        Assert.False(await cache.WriteAsync("size", new byte[3_000_000], Minute, Patient, CancellationToken.None));
        Assert.Null(await cache.GetAsync("size"));
        Assert.True(await cache.WriteAsync("size", new byte[] { 1 }, Minute, Patient, CancellationToken.None));
        Assert.Equal([1], cache.Get("size")!);
    }

    [Fact]
    public async Task A_time_to_live_beyond_30_days_is_not_taken_for_the_past()
    {
        using var cache = Cache(await MemcachedServer.SharedAsync());
        foreach (var days in new[] { 29, 30, 31, 365 })
        {
            Assert.True(await cache.WriteAsync("long", new[] { (byte)1 }, TimeSpan.FromDays(days), Patient, CancellationToken.None));
            Assert.Equal([1], (await cache.GetAsync("long"))!);
        }
    }

    [Fact]
    public async Task Of_several_servers_one_that_is_down_costs_its_share_only_and_comes_back()
    {
        var stays = await MemcachedServer.SharedAsync();
        await using var falls = await MemcachedServer.StartPrivateAsync();
        var addresses = new[] { Address(stays), Address(falls) };
        using var cache = new MemcachedCache(addresses, new MemcachedOptions(), TimeProvider.System, NullLogger.Instance);
        var level = new SharedLevel(cache, new L2Options { Timeout = Patient }, TimeProvider.System, NullLogger.Instance);
        var ring = new ServerRing(addresses);
        var keys = Enumerable.Range(0, 200).Select(i => $"share{i}").ToArray();
        foreach (var key in keys)
        {
            Assert.True(await level.StoresAsync(key));
        }

        await falls.StopAsync(crash: true);
        foreach (var key in keys)
        {
            var value = await level.BytesAsync(key);
            Assert.Equal(ring.Of("fraiseql:" + key) == 0, value is [1]);
            Assert.Equal(value, level.Bytes(key));
        }

        Assert.False(level.IsOpen);
        Assert.Equal(0, level.Failures);

        await falls.StartAsync();
        await Eventually.Until(async () => await level.StoresAsync(keys.First(key => ring.Of("fraiseql:" + key) == 1)));
    }

    private static MemcachedCache Cache(MemcachedServer server)
        => new([Address(server)], new MemcachedOptions(), TimeProvider.System, NullLogger.Instance);

    private static MemcachedAddress Address(MemcachedServer server)
    {
        var parts = server.ConnectionString.Split(':');
        return new MemcachedAddress(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
