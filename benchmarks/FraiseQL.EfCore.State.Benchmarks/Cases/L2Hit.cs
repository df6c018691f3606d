using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// Hits of another node's entries on Redis. The reading node's memory holds one megabyte and the keys are taken in turn, so that each
/// is forgotten before it is read again.
/// </summary>
internal sealed class L2Hit : IBenchmark
{
    private const int Keys = 400;

    public string Id => "L2";

    public string Title => "hit of another node's entry on Redis, 20 rows";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var redis = world.Redis ?? throw new InvalidOperationException("FRAISEQL_BENCH_REDIS must name a Redis server; eng/bench.sh starts one and sets it.");
        await using var writer = await Node.StartAsync(world.ConnectionString, redis, Patient);
        await using var reader = await Node.StartAsync(world.ConnectionString, redis, o =>
        {
            Patient(o);
            o.Cache.L1.MaxSizeMb = 1;
        });
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        var database = connection.GetDatabase();
        await using (var db = writer.Context())
        {
            for (var author = 1; author <= Keys; author++)
            {
                await Query(db, author).ToListAsync();
            }
        }

        // Entries are handed over in the background.
        var keys = await WrittenAsync(connection, Keys);
        var bytes = await database.StringLengthAsync(keys[0]);
        await database.StringSetAsync("raw", new byte[bytes]);
        await using var cached = reader.Context();
        var hits = 0;
        var reads = 0;
        var figures = await new Comparison(
                Variant.Async("raw GET", _ => database.StringGetAsync("raw")),
                Variant.Async("L2 hit", async n =>
                {
                    await Query(cached, 1 + (n % Keys)).ToListAsync();
                    reads++;
                    hits += cached.Database.GetCacheOutcome() == CacheOutcome.L2Hit ? 1 : 0;
                }))
            .With(Goal.Ratio("L2 hit", Metric.Wall, "raw GET", 1.4))
            .RunAsync(effort);
        return [.. figures, new Figure("L2 hit", "share of reads that hit L2", (double)hits / reads, ""), new Figure("raw GET", "size", bytes, "B")];
    }

    // A machine that is busy with something else must not turn a hit into a miss: this measures hits.
    private static void Patient(FraiseQLStateOptions options) => options.Cache.L2.Timeout = TimeSpan.FromSeconds(10);

    private static IQueryable<Post> Query(BlogContext db, int author)
        => db.Posts.AsNoTracking().Where(p => p.AuthorId == author).OrderBy(p => p.Id).Cacheable(BlogQueries.Ttl);

    private static async Task<RedisKey[]> WrittenAsync(ConnectionMultiplexer connection, int count)
    {
        var server = connection.GetServers()[0];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var keys = server.Keys(pattern: "fraiseql:*", pageSize: 1000).ToArray();
            if (keys.Length >= count)
            {
                return keys;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
        }
    }
}
