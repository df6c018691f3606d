using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Every way to write, beside rankings, an owner's lists, aggregates, and what has nothing to do with it.</summary>
public sealed class MutationTests : BlogDatabaseTests
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);
    public static TheoryData<string> Writes => ["SaveChanges", "SaveChanges, sync", "ExecuteUpdate", "ExecuteDelete", "transaction", "raw SQL", "psql"];

    [Theory]
    [MemberData(nameof(Writes))]
    [Feature("S1.4-on-mutation")]
    [Feature("S1.4-next-miss")]
    [Feature("S1.4-aggregate")]
    [Feature("S2.2-invalidate-trending")]
    [Feature("S2.2-invalidate-user")]
    [Feature("S3.2-up-to-date")]
    public async Task Each_way_to_write_ends_the_ranking_the_owners_list_and_the_aggregates_and_the_next_read_is_of_the_database(string way)
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var (top, mine, views, others) = (await TopAsync(node), await MineAsync(node, 1), await ViewsAsync(node), await MineAsync(node, 2));
        Assert.Equal(CacheOutcome.L1Hit, (await TopAsync(node)).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await MineAsync(node, 1)).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await ViewsAsync(node)).Outcome);

        await node.WriteAsync(db => WriteAsync(db, way));
        if (way is "psql" or "raw SQL")
        {
            // Another program's write is heard of; what this one's raw SQL touches is not known before.
            await Eventually.Until(async () => (await MineAsync(node, 1)).Value != mine.Value && (await TopAsync(node)).Value != top.Value
                && (await ViewsAsync(node)).Value != views.Value);
        }
        else
        {
            Assert.NotEqual(CacheOutcome.L1Hit, await OutcomeAsync(node));
        }

        await using var plain = node.CreateContext();
        Assert.Equal(await Top(plain).NotCacheable().ToListAsync(), Split((await TopAsync(node)).Value));
        Assert.Equal(await Mine(plain, 1).NotCacheable().ToListAsync(), Split((await MineAsync(node, 1)).Value));
        Assert.Equal(await plain.Posts.SumAsync(p => p.Views), (await ViewsAsync(node)).Value);
        Assert.NotEqual((top.Value, mine.Value, views.Value), ((await TopAsync(node)).Value, (await MineAsync(node, 1)).Value, (await ViewsAsync(node)).Value));

        // And from there on it is cached again, and the other author's list as before.
        await Eventually.Until(async () => (await TopAsync(node)).Outcome == CacheOutcome.L1Hit && (await MineAsync(node, 1)).Outcome == CacheOutcome.L1Hit);
        await Eventually.Until(async () => await MineAsync(node, 2) == (others.Value, CacheOutcome.L1Hit));
    }

    private async Task WriteAsync(BlogContext db, string way)
    {
        const string sql = "UPDATE \"Posts\" SET \"Views\" = \"Views\" + 100000, \"Title\" = 'first' WHERE \"Id\" = (SELECT min(\"Id\") FROM \"Posts\" WHERE \"AuthorId\" = 1)";
        var first = db.Posts.Where(p => p.AuthorId == 1 && p.Id == db.Posts.Where(o => o.AuthorId == 1).Min(o => o.Id));
        switch (way)
        {
            case "SaveChanges":
                db.Add(New());
                await db.SaveChangesAsync();
                break;
            case "SaveChanges, sync":
                db.Add(New());
                // ReSharper disable once MethodHasAsyncOverload
                db.SaveChanges();
                break;
            case "ExecuteUpdate":
                await first.ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, 100_000).SetProperty(p => p.Title, "first"));
                break;
            case "ExecuteDelete":
                await db.Comments.ExecuteDeleteAsync();
                await db.Posts.Where(p => p.AuthorId == 1).ExecuteDeleteAsync();
                break;
            case "transaction":
                await using (var transaction = await db.Database.BeginTransactionAsync())
                {
                    db.Add(New());
                    await db.SaveChangesAsync();
                    await first.ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, 100_000));
                    await transaction.CommitAsync();
                }

                break;
            case "raw SQL":
                await db.Database.ExecuteSqlRawAsync(sql);
                break;
            default:
                await Seed.ExecuteAsync(ConnectionString, sql);
                break;
        }
    }

    private static Post New() => new() { AuthorId = 1, Title = "new", Views = 100_000, PublishedAt = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) };

    private static IQueryable<string> Top(BlogContext db) => db.Posts.OrderByDescending(p => p.Views).ThenBy(p => p.Id).Take(5).Select(p => p.Title);

    private static IQueryable<string> Mine(BlogContext db, int author) => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title);

    private static async Task<(string Value, CacheOutcome Outcome)> TopAsync(Node node) => Joined(await node.ReadAsync(db => Top(db).Cacheable(s_ttl).ToListAsync()));

    private static async Task<(string Value, CacheOutcome Outcome)> MineAsync(Node node, int author)
        => Joined(await node.ReadAsync(db => Mine(db, author).Cacheable(s_ttl).ToListAsync()));

    private static Task<(int Value, CacheOutcome Outcome)> ViewsAsync(Node node) => node.ReadAsync(db => db.Posts.Cacheable(s_ttl).SumAsync(p => p.Views));

    private static async Task<CacheOutcome> OutcomeAsync(Node node) => (await TopAsync(node)).Outcome;

    private static (string Value, CacheOutcome Outcome) Joined((List<string> Value, CacheOutcome Outcome) read) => (string.Join('|', read.Value), read.Outcome);

    private static List<string> Split(string text) => text.Length == 0 ? [] : [.. text.Split('|')];
}
