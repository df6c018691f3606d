using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Policies;

/// <summary><c>CacheAllQueries</c>: everything but what must never be.</summary>
public sealed class CacheAllTests : BlogDatabaseTests
{
    private readonly AdjustableTime _time = new();

    [Fact]
    public async Task Queries_of_all_kinds_hit_without_a_mark_for_the_time_that_was_given()
    {
        await using var node = await StartAsync();
        (string Name, Func<BlogContext, Task<object?>> Run)[] queries =
        [
            ("list", async db => await db.Posts.Where(p => p.AuthorId == 1).ToListAsync()),
            ("count", async db => await db.Posts.CountAsync()),
            ("first", async db => await db.Posts.OrderBy(p => p.Id).FirstAsync()),
            ("first with predicate", async db => await db.Posts.FirstOrDefaultAsync(p => p.Id == 3)),
            ("any", async db => await db.Posts.AnyAsync(p => p.Views > 3)),
            ("sum", async db => await db.Posts.SumAsync(p => p.Views)),
            ("include", async db => await db.Authors.Include(a => a.Posts).OrderBy(a => a.Id).ToListAsync()),
            ("projection", async db => await db.Posts.Select(p => new { p.Id, p.Title }).ToListAsync()),
            ("ordered", async db => await db.Posts.OrderBy(p => p.Id).ThenBy(p => p.Title).ToListAsync()),
        ];
        foreach (var (name, run) in queries)
        {
            Assert.Equal((name, CacheOutcome.Miss), (name, (await node.ReadAsync(run)).Outcome));
            Assert.Equal((name, CacheOutcome.L1Hit), (name, (await node.ReadAsync(run)).Outcome));
        }

        _time.Shift += TimeSpan.FromSeconds(46);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(queries[0].Run)).Outcome);
        Assert.Equal(CacheOutcome.None, (await node.ReadAsync(db => db.Posts.NotCacheable().CountAsync())).Outcome);
        await using var other = await StartAsync();
        Assert.Equal(CacheOutcome.Miss, (await other.ReadAsync(db => db.Posts.Cacheable(TimeSpan.FromSeconds(90)).CountAsync())).Outcome);
        _time.Shift += TimeSpan.FromSeconds(50);
        Assert.Equal(CacheOutcome.L1Hit, (await other.ReadAsync(db => db.Posts.Cacheable(TimeSpan.FromSeconds(90)).CountAsync())).Outcome);
    }

    [Fact]
    public async Task What_EF_asks_for_an_entity_that_it_knows_is_always_the_databases_answer()
    {
        await using var node = await StartAsync();
        await using var db = node.CreateContext();
        var post = await db.Posts.FirstAsync(p => p.Id == 1);
        foreach (var (name, ask) in ((string, Func<Task>)[])[
            ("find", async () => Assert.NotNull(await db.Posts.FindAsync(2))),
            ("find in another context", async () => await node.WriteAsync(async other => Assert.NotNull(await other.Posts.FindAsync(1)))),
            ("reload", () => db.Entry(post).ReloadAsync()),
            ("database values", async () => Assert.NotNull(await db.Entry(post).GetDatabaseValuesAsync())),
            ("load", () => db.Entry(post).Collection(p => p.Comments).LoadAsync()),
            ("load reference", () => db.Entry(post).Reference(p => p.Author).LoadAsync())])
        {
            for (var round = 0; round < 2; round++)
            {
                var readers = node.Commands.Readers;
                if (name.StartsWith("load", StringComparison.Ordinal))
                {
                    db.ChangeTracker.Clear();
                    post = await db.Posts.NotCacheable().FirstAsync(p => p.Id == 1);
                    readers = node.Commands.Readers;
                }

                if (name == "find")
                {
                    db.ChangeTracker.Clear();
                    db.Attach(post);
                }

                await ask();
                Assert.True(node.Commands.Readers > readers, name);
            }
        }

        // A write that nobody told the cache of is what these are for.
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = 'elsewhere' WHERE \"Id\" = 1");
        await db.Entry(post).ReloadAsync();
        Assert.Equal("elsewhere", post.Title);
    }

    [Fact]
    public async Task Bulk_writes_transactions_and_queries_that_cannot_be_cached_work_as_always_and_nobody_is_warned()
    {
        await using var node = await StartAsync();
        Assert.Equal(4, (await node.ReadAsync(db => db.Authors.CountAsync())).Value);
        await node.WriteAsync(async db =>
        {
            Assert.Equal(4, await db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, 7)));
            Assert.Equal(7, await db.Posts.Where(p => p.AuthorId == 1).MaxAsync(p => p.Views));
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Authors.Add(new Author { Name = "Inside" });
            await db.SaveChangesAsync();
            Assert.Equal(5, await db.Authors.CountAsync());
        });
        Assert.Equal(4, (await node.ReadAsync(db => db.Authors.CountAsync())).Value);
        Assert.Equal(CacheOutcome.Bypass, (await node.ReadAsync(db => db.Posts.Select(_ => EF.Functions.Random()).ToListAsync())).Outcome);
        Assert.DoesNotContain(node.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.QueryRefused);
    }

    private Task<Node> StartAsync() => Node.StartAsync(
        ConnectionString, context: o => o.UseFraiseQLState(s => s.CacheAllQueries(TimeSpan.FromSeconds(45))), time: _time);
}
