using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Compiled;

/// <summary>Under load: no shared result is older than what was committed on the node before it was asked for.</summary>
[Feature("B-18-typed")]
public sealed class SharedResultStormTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Posts = 12;
    private const int Writes = 400;

    private static readonly CompiledCacheableQuery<BlogContext, int, int> s_views = CacheableQuery.Compile(
        (BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Select(p => p.Views).Single());

    private static readonly CompiledCacheableQuery<BlogContext, int, IReadOnlyList<(int Id, int Views)>> s_list = CacheableQuery.Compile(
        (BlogContext db, int author) => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id)
            .Select(p => new ValueTuple<int, int>(p.Id, p.Views)).Cacheable());

    private string _connectionString = "";

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(_connectionString);
        await Seed.ExecuteAsync(_connectionString, $"""UPDATE "Posts" SET "Views" = 0; SELECT 1 / (count(*) = {Posts})::int FROM "Posts" """);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task No_shared_result_is_older_than_what_its_node_has_committed()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        await using var node = await Node.StartAsync(_connectionString);
        var locks = Enumerable.Range(0, Posts + 1).Select(_ => new SemaphoreSlim(1)).ToArray();
        var floor = new int[Posts + 1];
        var left = Writes;
        var hits = 0;
        var writers = Enumerable.Range(0, 2).Select(i => Task.Run(() => WriteAsync(new Random(seed + i)))).ToArray();
        var readers = Enumerable.Range(2, 6).Select(i => Task.Run(() => ReadAsync(new Random(seed + i)))).ToArray();
        await Task.WhenAll(writers);
        await Task.WhenAll(readers);
        output.WriteLine($"{hits} hits");
        Assert.True(hits > 100, $"only {hits} hits");

        async Task WriteAsync(Random random)
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var id = random.Next(1, Posts + 1);
                await locks[id].WaitAsync();
                var version = floor[id] + 1;
                await node.WriteAsync(async db =>
                {
                    switch (random.Next(3))
                    {
                        case 0:
                            await db.Posts.Where(p => p.Id == id).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, version));
                            break;
                        case 1:
                            await db.Database.ExecuteSqlAsync($"UPDATE \"Posts\" SET \"Views\" = {version} WHERE \"Id\" = {id}");
                            break;
                        default:
                            (await db.Posts.SingleAsync(p => p.Id == id)).Views = version;
                            await db.SaveChangesAsync();
                            break;
                    }
                });
                Volatile.Write(ref floor[id], version);
                locks[id].Release();
            }
        }

        async Task ReadAsync(Random random)
        {
            while (Volatile.Read(ref left) > 0)
            {
                var least = (int[])floor.Clone();
                await using var db = node.CreateContext();
                if (random.Next(2) == 0)
                {
                    var id = random.Next(1, Posts + 1);
                    var views = await s_views.ExecuteAsync(db, id);
                    Assert.True(views >= least[id], $"post {id}: {views} ({db.Database.GetCacheOutcome()}) after {least[id]}");
                }
                else
                {
                    var posts = await s_list.ExecuteAsync(db, random.Next(1, 4));
                    Assert.All(posts, p => Assert.True(p.Views >= least[p.Id], $"post {p.Id}: {p.Views} ({db.Database.GetCacheOutcome()}) after {least[p.Id]}"));
                }

                if (db.Database.GetCacheOutcome() == CacheOutcome.L1Hit)
                {
                    Interlocked.Increment(ref hits);
                }

                await Task.Yield();
            }
        }
    }
}
