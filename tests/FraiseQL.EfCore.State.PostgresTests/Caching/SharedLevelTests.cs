using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Two nodes with a Redis between them.</summary>
public sealed class SharedLevelTests : BlogDatabaseWithRedisTests
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    [Fact]
    [Feature("S1.1-l2-shared")]
    [Feature("S5.1-promote")]
    [Feature("S5.1-populate-both")]
    public async Task What_one_node_filled_the_other_hits_and_then_has_in_its_own_memory()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var filled = await FillAsync(a, 1);
        Assert.Equal(CacheOutcome.Miss, filled.Outcome);
        var readers = b.Commands.Readers;
        var shared = await Posts(b, 1);
        Assert.Equal(CacheOutcome.L2Hit, shared.Outcome);
        Assert.Equal(readers, b.Commands.Readers);
        Assert.Equal(filled.Value.Select(p => (p.Id, p.Title, p.PublishedAt, p.Rating)), shared.Value.Select(p => (p.Id, p.Title, p.PublishedAt, p.Rating)));
        Assert.Equal(CacheOutcome.L1Hit, (await Posts(b, 1)).Outcome);
    }

    [Fact]
    [Feature("U-01-fence")]
    public async Task A_node_that_was_not_there_when_a_change_happened_does_not_take_the_older_entry()
    {
        await using var a = await StartAsync();
        await FillAsync(a, 1);
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = 'changed' WHERE \"AuthorId\" = 1");

        // B begins after the change, and never hears of it: that it cannot know is what must keep it from the entry.
        await using var b = await StartAsync();
        var read = await Posts(b, 1);
        Assert.NotEqual(CacheOutcome.L2Hit, read.Outcome);
        Assert.All(read.Value, p => Assert.Equal("changed", p.Title));
    }

    [Fact]
    [Feature("S0-cache-is-optimization")]
    [Feature("S3.3-redis-unreachable")]
    [Feature("S3.3-reconnect")]
    public async Task WithRedis_stopped_reads_and_writes_go_on_and_nothing_is_stale_when_it_returns()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await FillAsync(a, 1);
        await Posts(b, 1);
        await Redis.StopAsync();
        await a.WriteAsync(async db =>
        {
            (await db.Posts.OrderBy(p => p.Id).FirstAsync(p => p.AuthorId == 1)).Title = "without redis";
            await db.SaveChangesAsync();
        });
        Assert.Contains((await Posts(a, 1)).Value, p => p.Title == "without redis");
        await Eventually.Until(async () => (await Posts(b, 1)).Value.Exists(p => p.Title == "without redis"), TimeSpan.FromSeconds(10));
        await Redis.StartAsync();
        await Eventually.Until(
            async () =>
            {
                Assert.Contains((await Posts(b, 1)).Value, p => p.Title == "without redis");
                await Posts(a, Random.Shared.Next(1000, 1_000_000));
                return await KeysAsync() > 0;
            },
            TimeSpan.FromSeconds(20));
    }

    [Fact]
    [Feature("S0-cache-is-optimization")]
    public async Task Foreign_bytes_on_the_shared_server_are_a_miss()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var filled = await FillAsync(a, 1);
        await using (var redis = await ConnectionMultiplexer.ConnectAsync(Redis.ConnectionString))
        {
            var database = redis.GetDatabase();
            foreach (var key in await KeyNamesAsync(redis))
            {
                var bytes = (byte[])(await database.StringGetAsync(key))!;
                for (var i = bytes.Length / 2; i < bytes.Length; i++)
                {
                    bytes[i] ^= 0x5A;
                }

                await database.StringSetAsync(key, bytes);
            }
        }

        var read = await Posts(b, 1);
        Assert.Equal(CacheOutcome.Miss, read.Outcome);
        Assert.Equal(filled.Value.Select(p => p.Title), read.Value.Select(p => p.Title));
    }

    // A loaded test machine must not look like a failing Redis, except where Redis fails.
    private Task<Node> StartAsync()
        => Node.StartAsync(ConnectionString, Redis.ConnectionString, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(2));

    /// <summary>Fills one entry and waits until it is on the shared server, whose connection is opened in the background.</summary>
    private async Task<(List<Post> Value, CacheOutcome Outcome)> FillAsync(Node node, int author)
    {
        var unknown = 1000;
        var before = 0;
        await Eventually.Until(
            async () =>
            {
                await Posts(node, unknown++);
                return (before = await KeysAsync()) > 0;
            },
            TimeSpan.FromSeconds(10));
        await Eventually.Until(
            async () =>
            {
                var now = await KeysAsync();
                (var settled, before) = (now == before, now);
                return settled;
            },
            TimeSpan.FromSeconds(10));
        var filled = await Posts(node, author);
        await Eventually.Until(async () => await KeysAsync() > before, TimeSpan.FromSeconds(10));
        return filled;
    }

    private static Task<(List<Post> Value, CacheOutcome Outcome)> Posts(Node node, int author)
        => node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).AsNoTracking().Cacheable(s_ttl).ToListAsync());

    private async Task<int> KeysAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(Redis.ConnectionString);
        return (await KeyNamesAsync(redis)).Count;
    }

    private static async Task<List<RedisKey>> KeyNamesAsync(ConnectionMultiplexer redis)
    {
        var names = new List<RedisKey>();
        await foreach (var key in redis.GetServers()[0].KeysAsync(pattern: "fraiseql:*"))
        {
            names.Add(key);
        }

        return names;
    }
}
