using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>The second level as the configuration has it.</summary>
public sealed class SharedLevelTests
{
    [Theory]
    [InlineData("redis url")]
    [InlineData("redis text")]
    [InlineData("memcached url")]
    [InlineData("memcached text")]
    [Feature("S8.1-l2-url")]
    [Feature("S8.1-l2-backend")]
    public async Task The_address_is_in_the_configuration_and_the_call_takes_none(string form)
    {
        var isRedis = form.StartsWith("redis", StringComparison.Ordinal);
        var address = isRedis ? (await RedisServer.SharedAsync()).ConnectionString : (await MemcachedServer.SharedAsync()).ConnectionString;
        var url = form switch
        {
            "redis url" => $"redis://{address.Split(',')[0]}",
            "memcached url" => $"memcached://{address}",
            _ => address,
        };
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var one = await StartAsync();
        await using var other = await StartAsync();
        var attempt = 0;
        await Eventually.Until(async () =>
        {
            // Another query each time, as what has once been read here is in memory.
            var least = -(++attempt);
            await one.ReadAsync(db => db.Posts.Where(p => p.Id > least).Cacheable().CountAsync());
            await Eventually.Until(() => one.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.PendingWrites == 0);
            return await other.ReadAsync(db => db.Posts.Where(p => p.Id > least).Cacheable().CountAsync()) == (12, CacheOutcome.L2Hit);
        });

        Task<Node> StartAsync() => Node.StartAsync(
            database,
            configure: o => (o.Cache.L2.Backend, o.Cache.L2.Url) = (isRedis ? L2Backend.Redis : L2Backend.Memcached, url),
            state: state => _ = isRedis ? state.AddRedis() : state.AddMemcached());
    }

    [Fact]
    [Feature("S8.1-l2-backend")]
    public async Task None_leaves_what_was_registered_unused()
    {
        var services = new ServiceCollection();
        services.AddDbContext<BlogContext>(o => o.UseNpgsql("Host=nowhere").UseFraiseQLState());
        services.AddFraiseQLState<BlogContext>(Section.Of("Cache:L2:Backend=None", "Cache:L2:Url=whatever")).AddRedis("127.0.0.1:1");
        await using var provider = services.BuildServiceProvider();
        Assert.False(provider.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.HasL2);
    }

    [Fact]
    [Feature("S8.1-l2-backend")]
    public async Task Custom_is_any_distributed_cache()
    {
        var services = new ServiceCollection();
        services.AddDistributedMemoryCache();
        services.AddDbContext<BlogContext>(o => o.UseNpgsql("Host=nowhere").UseFraiseQLState());
        services.AddFraiseQLState<BlogContext>(Section.Of("Cache:L2:Backend=Custom")).AddDistributedCache();
        await using var provider = services.BuildServiceProvider();
        Assert.True(provider.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.HasL2);
    }
}
