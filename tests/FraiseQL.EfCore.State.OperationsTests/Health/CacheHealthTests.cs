using FraiseQL.EfCore.State.Health;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.OperationsTests.Health;

public sealed class CacheHealthTests
{
    // Noise of a busy machine is not a fault of the server.
    private static void Patient(FraiseQLStateHealthOptions options) => options.MaxResponseTime = null;

    [Fact]
    [Feature("S7.2-redis")]
    public async Task A_redis_that_stops_degrades_its_check_while_queries_go_on_and_it_is_well_again_when_redis_is()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(database, health: Patient, redis: redis.ConnectionString);

        var well = await HealthOf.BecomesAsync(node, "fraiseql:cache:redis", HealthStatus.Healthy);
        Assert.Equal("redis", well.Data["backend"]);
        Assert.Equal(1, well.Data["serversUp"]);
        Assert.True((double)well.Data["responseMilliseconds"] > 0);

        await redis.StopAsync();
        var ill = await HealthOf.BecomesAsync(node, "fraiseql:cache:redis", HealthStatus.Degraded);
        Assert.Equal(0, ill.Data["serversUp"]);
        Assert.Null(ill.Exception);
        Assert.Contains("Queries go on", ill.Description, StringComparison.Ordinal);
        Assert.Equal(4, (await node.ReadAsync(db => db.Authors.Cacheable().CountAsync())).Value);

        await redis.StartAsync();
        await HealthOf.BecomesAsync(node, "fraiseql:cache:redis", HealthStatus.Healthy);
    }

    [Fact]
    [Feature("S7.2-memcached")]
    public async Task A_memcached_that_stops_degrades_its_check_and_of_two_the_figure_says_how_many_are_left()
    {
        await using var first = await MemcachedServer.StartPrivateAsync();
        await using var second = await MemcachedServer.StartPrivateAsync();
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(
            database, builder => builder.AddMemcached($"{first.ConnectionString},{second.ConnectionString}"), Patient);
        await HealthOf.BecomesAsync(node, "fraiseql:cache:memcached", HealthStatus.Healthy, entry => entry.Data["serversUp"] is 2);

        await second.StopAsync();
        var half = await HealthOf.BecomesAsync(node, "fraiseql:cache:memcached", HealthStatus.Degraded, entry => entry.Data["serversUp"] is 1);
        Assert.Equal(2, half.Data["servers"]);
        Assert.Contains("Of the 2 servers", half.Description, StringComparison.Ordinal);

        await first.StopAsync();
        await HealthOf.BecomesAsync(node, "fraiseql:cache:memcached", HealthStatus.Degraded, entry => entry.Data["serversUp"] is 0);

        await first.StartAsync();
        await second.StartAsync();
        await HealthOf.BecomesAsync(node, "fraiseql:cache:memcached", HealthStatus.Healthy);
    }

    [Fact]
    [Feature("S7.2-response-time")]
    public async Task A_shared_cache_that_stays_slow_degrades_its_check_with_the_median_as_a_figure_until_it_is_quick_again()
    {
        var server = await RedisServer.SharedAsync();
        var address = server.ConnectionString.Split(',')[0].Split(':');
        await using var proxy = FaultyProxy.Start(address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture));
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var most = TimeSpan.FromMilliseconds(80);
        await using var node = await HealthOf.StartAsync(
            database, configure: o => o.Cache.L2.KeyPrefix = $"{Guid.NewGuid():n}:", health: o => o.MaxResponseTime = most, redis: proxy.Address);
        await HealthOf.BecomesAsync(node, "fraiseql:cache:redis", HealthStatus.Healthy);

        proxy.Delay(TimeSpan.FromMilliseconds(100));
        var slow = await HealthOf.BecomesAsync(node, "fraiseql:cache:redis", HealthStatus.Degraded, entry => entry.Data["serversUp"] is 1);
        Assert.True((double)slow.Data["medianMilliseconds"] > most.TotalMilliseconds);
        Assert.Equal(most.TotalMilliseconds, slow.Data["maxMilliseconds"]);
        Assert.Contains("MaxResponseTime", slow.Description, StringComparison.Ordinal);

        proxy.Restore();
        await HealthOf.BecomesAsync(node, "fraiseql:cache:redis", HealthStatus.Healthy);
    }

    [Fact]
    [Feature("S7.2-response-time")]
    public void The_threshold_is_five_milliseconds_and_one_slow_answer_is_not_a_slow_server()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(5), new FraiseQLStateHealthOptions().MaxResponseTime);
        var times = new ResponseTimes();
        times.Add(TimeSpan.FromSeconds(1));
        Assert.False(times.Read().IsJudged);
        for (var i = 1; i < ResponseTimes.Kept; i++)
        {
            times.Add(TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal((TimeSpan.FromMilliseconds(5), true), times.Read());
        for (var i = 0; i < ResponseTimes.Kept; i++)
        {
            times.Add(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal((TimeSpan.FromMilliseconds(100), true), times.Read());
        times.Clear();
        Assert.False(times.Read().IsJudged);
    }
}
