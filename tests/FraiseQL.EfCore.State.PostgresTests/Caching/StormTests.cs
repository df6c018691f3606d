using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>The invariant under load: a read on a node is never older than what was committed through that node, and at rest all is equal to the database.</summary>
public sealed class StormTests(ITestOutputHelper output) : BlogDatabaseWithRedisTests
{
    private const int Posts = 24;
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Seed.ExecuteAsync(ConnectionString, string.Create(CultureInfo.InvariantCulture, $"""
            DELETE FROM "Posts";
            INSERT INTO "Posts" ("Id", "Title", "Views", "PublishedAt", "AuthorId") SELECT i, 'post', 0, now(), 1 + i % 4 FROM generate_series(1, {Posts}) i
            """));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [Feature("U-01-fence")]
    [Feature("U-02-transparency")]
    [Feature("B-02-proof")]
    public async Task No_read_is_older_than_what_its_node_has_committed(int nodeCount, bool redis)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var nodes = new List<Node>();
        for (var i = 0; i < nodeCount; i++)
        {
            nodes.Add(await Node.StartAsync(ConnectionString, redis ? Redis.ConnectionString : null, o => o.Consistency.CheckRate = 1));
        }

        // Per post: the last version that was written, and per node the last that was acknowledged to a writer there.
        var written = new int[Posts + 1];
        var locks = Enumerable.Range(0, Posts + 1).Select(_ => new SemaphoreSlim(1)).ToArray();
        var acknowledged = nodes.Select(_ => new int[Posts + 1]).ToArray();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(4));
        var hits = 0;
        var reads = 0;
        var tasks = new List<Task>();
        for (var n = 0; n < nodeCount; n++)
        {
            var node = nodes[n];
            var floor = acknowledged[n];
            for (var w = 0; w < 2; w++)
            {
                var random = new Random(seed + (n * 10) + w);
                tasks.Add(Task.Run(() => WriteAsync(node, floor, random)));
            }

            for (var r = 0; r < 4; r++)
            {
                var random = new Random(seed + 1000 + (n * 10) + r);
                tasks.Add(Task.Run(() => ReadAsync(node, floor, random)));
            }
        }

        await Task.WhenAll(tasks);
        output.WriteLine($"{reads} reads, {hits} hits, {written.Sum()} writes");
        Assert.True(hits > 100, $"only {hits} of {reads} reads were hits");
        foreach (var node in nodes)
        {
            await Eventually.Until(
                async () =>
                {
                    var all = (await node.ReadAsync(db => db.Posts.AsNoTracking().Cacheable(s_ttl).ToDictionaryAsync(p => p.Id, p => p.Views))).Value;
                    var single = true;
                    for (var id = 1; id <= Posts; id++)
                    {
                        single &= await ById(node, id) == written[id];
                    }

                    return single && Enumerable.Range(1, Posts).All(id => all[id] == written[id]);
                },
                TimeSpan.FromSeconds(10));
            // Hits of the storm were read once more by the checker; that it missed nothing is for its own tests.
            var checks = node.Services.GetRequiredService<IConsistencyChecks>();
            await Eventually.Until(async () => (await ById(node, 1), checks.Consistent).Consistent > 0);
            Assert.True(checks.Inconsistent == 0, string.Join('\n', checks.Violations));
            await node.DisposeAsync();
        }

        async Task WriteAsync(Node node, int[] floor, Random random)
        {
            while (!stop.IsCancellationRequested)
            {
                var id = random.Next(1, Posts + 1);
                await locks[id].WaitAsync();
                try
                {
                    var version = written[id] + 1;
                    switch (random.Next(5))
                    {
                        case 0:
                            await node.WriteAsync(db => db.Posts.Where(p => p.Id == id).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, version)));
                            break;
                        case 1:
                            await node.WriteAsync(db => db.Database.ExecuteSqlAsync($"UPDATE \"Posts\" SET \"Views\" = {version} WHERE \"Id\" = {id}"));
                            break;
                        case 2:
                            await Seed.ExecuteAsync(ConnectionString, string.Create(CultureInfo.InvariantCulture, $"UPDATE \"Posts\" SET \"Views\" = {version} WHERE \"Id\" = {id}"));
                            written[id] = version;
                            continue;
                        case 3:
                            await node.WriteAsync(async db =>
                            {
                                await using var transaction = await db.Database.BeginTransactionAsync();
                                (await db.Posts.SingleAsync(p => p.Id == id)).Views = version;
                                await db.SaveChangesAsync();
                                await transaction.CommitAsync();
                            });
                            break;
                        default:
                            await node.WriteAsync(async db =>
                            {
                                (await db.Posts.SingleAsync(p => p.Id == id)).Views = version;
                                await db.SaveChangesAsync();
                            });
                            break;
                    }

                    written[id] = version;
                    Volatile.Write(ref floor[id], version);
                }
                finally
                {
                    locks[id].Release();
                }

                await Task.Delay(random.Next(4));
            }
        }

        async Task ReadAsync(Node node, int[] floor, Random random)
        {
            while (!stop.IsCancellationRequested)
            {
                var least = (int[])floor.Clone();
                CacheOutcome outcome;
                if (random.Next(2) == 0)
                {
                    var id = random.Next(1, Posts + 1);
                    (var views, outcome) = await node.ReadAsync(db => db.Posts.Where(p => p.Id == id).Select(p => p.Views).Cacheable(s_ttl).SingleAsync());
                    Assert.True(views >= least[id], $"post {id}: {views} was read ({outcome}) after {least[id]} had been committed on the node");
                }
                else
                {
                    var author = random.Next(1, 5);
                    (var list, outcome) = await node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).AsNoTracking().Cacheable(s_ttl).ToListAsync());
                    Assert.Equal(Posts / 4, list.Count);
                    Assert.All(list, p => Assert.True(p.Views >= least[p.Id], $"post {p.Id} in the list of {author}: {p.Views} was read ({outcome}) after {least[p.Id]}"));
                }

                Interlocked.Increment(ref reads);
                if (outcome is CacheOutcome.L1Hit or CacheOutcome.L2Hit)
                {
                    Interlocked.Increment(ref hits);
                }

                await Task.Yield();
            }
        }
    }

    private static async Task<int> ById(Node node, int id)
        => (await node.ReadAsync(db => db.Posts.Where(p => p.Id == id).Select(p => p.Views).Cacheable(s_ttl).SingleAsync())).Value;
}
