using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.OperationsTests.Warming;

/// <summary>A cluster warms once.</summary>
[Feature("S1.5-db-load")]
public sealed class ClusterWarmupTests
{
    private const int Nodes = 3;

    [Fact]
    public async Task Nodes_that_start_together_read_the_database_once()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var redis = await RedisServer.SharedAsync();
        var nodes = await Task.WhenAll(Enumerable.Range(0, Nodes).Select(_ => StartAsync(database, redis, warm: false)));
        try
        {
            // Each is listening; now all of them at the same moment.
            await Task.WhenAll(nodes.Select(node => node.Services.GetRequiredService<IStateCache>().PreloadAsync("trending")));
            Assert.All(nodes, node => Assert.Equal(WarmupState.Done, StatusOf(node).State));
            Assert.Single(nodes, node => StatusOf(node).Source == CacheOutcome.Miss);
            Assert.Equal(Nodes - 1, nodes.Count(node => StatusOf(node).Source == CacheOutcome.L2Hit));
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_node_that_joins_takes_what_the_others_have_stored()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var redis = await RedisServer.SharedAsync();
        await using var first = await StartAsync(database, redis, warm: true);
        await Eventually.Until(() => StatusOf(first).State == WarmupState.Done);
        await Eventually.Until(() => first.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.PendingWrites == 0);
        await using var second = await StartAsync(database, redis, warm: true);
        await Eventually.Until(() => StatusOf(second).State == WarmupState.Done);
        Assert.Equal(CacheOutcome.L2Hit, StatusOf(second).Source);
        Assert.Equal(CacheOutcome.L1Hit, (await second.ReadAsync(db => Trending(db).ToListAsync())).Outcome);
    }

    private static IQueryable<Post> Trending(BlogContext db) => db.Posts.OrderByDescending(p => p.Views).Take(5).Cacheable();

    private static WarmedQuery StatusOf(Node node) => node.Services.GetRequiredService<IWarmupStatus>().Queries[0];

    private static Task<Node> StartAsync(string database, RedisServer redis, bool warm) => Node.StartAsync(
        database,
        redis.ConnectionString,
        o => (o.Cache.WarmupOnStartup, o.Cache.L2.Timeout) = (warm, TimeSpan.FromSeconds(5)),
        state: state => state.AddWarmup("trending", (BlogContext db) => Trending(db)));
}
