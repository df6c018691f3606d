using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Precision;

/// <summary>Every kind of change by another program, beside every kind of query: what it concerns is right, and what it does not concern is still a hit.</summary>
public sealed class PrecisionTests : BlogDatabaseTests
{
    private const int Mine = 1;
    private const int Other = 2;
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    /// <summary>Each for one author (or for a post of his), so that there is one that is concerned and one that is not.</summary>
    private static readonly (string Name, Func<BlogContext, int, bool, Task<string>> Ask)[] s_queries =
    [
        ("empty", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a && p.Title == "wanted").OrderBy(p => p.Id).Select(p => p.Title), c).ToListAsync())),
        ("one row", async (db, a, c) => Text(await On(db.Posts.Where(p => p.Id == a * 100).Select(p => new { p.Id, p.Title, p.AuthorId }), c).ToListAsync())),
        ("list", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a).OrderBy(p => p.Id).Select(p => new { p.Id, p.Title }), c).ToListAsync())),
        ("FirstOrDefault", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a).OrderByDescending(p => p.Id).Select(p => p.Title), c).FirstOrDefaultAsync())),
        ("Count", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a), c).CountAsync())),
        ("Any", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a && p.Title == "wanted"), c).AnyAsync())),
        ("Sum", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a), c).SumAsync(p => p.Rating))),
        ("Include", async (db, a, c) => Text((await On(db.Authors.Where(w => w.Id == a).Include(w => w.Posts.OrderBy(p => p.Id).Take(100)).Select(w => new { w.Name, Posts = w.Posts.OrderBy(p => p.Id).Select(p => p.Title).ToList() }), c).ToListAsync()).SelectMany(w => w.Posts.Prepend(w.Name)))),
        ("join", async (db, a, c) => Text(await On(db.Posts.Join(db.Authors, p => p.AuthorId, w => w.Id, (p, w) => new { p.Id, p.Title, p.AuthorId, w.Name }).Where(x => x.AuthorId == a).OrderBy(x => x.Id), c).ToListAsync())),
        ("list of keys", async (db, a, c) => Text(await On(db.Posts.Where(p => new[] { a * 100, (a * 100) + 1 }.Contains(p.Id)).OrderBy(p => p.Id).Select(p => p.Title), c).ToListAsync())),
        ("list of authors", async (db, a, c) =>
        {
            int[] authors = [a, a + 1000];
            return Text(await On(db.Posts.Where(p => authors.Contains(p.AuthorId)).OrderBy(p => p.Id).Select(p => new { p.Id, p.Title }), c).ToListAsync());
        }),
        ("either", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a || p.AuthorId == a + 1000).OrderBy(p => p.Id).Select(p => p.Title), c).ToListAsync())),
        ("page", async (db, a, c) => Text(await On(db.Posts.Where(p => p.AuthorId == a).OrderBy(p => p.Title).ThenBy(p => p.Id).Skip(1).Take(3).Select(p => p.Id), c).ToListAsync())),
        ("union", async (db, a, c) => Text((await On(db.Posts.Where(p => p.AuthorId == a).Select(p => p.Title).Union(db.Posts.Where(p => p.AuthorId == a && p.Rating > 3).Select(p => p.Title + "!")), c).ToListAsync()).Order())),
        ("many-to-many", async (db, a, c) => Text(await On(db.Posts.Where(p => p.Id == a * 100).SelectMany(p => p.Tags.Select(t => new { p.Title, t.Name })), c).OrderBy(x => x.Name).ToListAsync())),
    ];

    private static readonly (string Name, string Sql, bool Concerns)[] s_changes =
    [
        ("INSERT", "INSERT INTO \"Posts\" (\"Title\", \"Views\", \"PublishedAt\", \"Rating\", \"AuthorId\") VALUES ('wanted', 1, now(), 5, 1)", true),
        ("UPDATE into", "UPDATE \"Posts\" SET \"AuthorId\" = 1 WHERE \"Id\" = 300", true),
        ("UPDATE out of", "UPDATE \"Posts\" SET \"AuthorId\" = 3 WHERE \"Id\" = 100", true),
        ("UPDATE of an unrelated column", "UPDATE \"Posts\" SET \"Views\" = \"Views\" + 1 WHERE \"AuthorId\" = 1", false),
        ("UPDATE", "UPDATE \"Posts\" SET \"Title\" = 'wanted', \"Rating\" = 4.5 WHERE \"Id\" = 100", true),
        ("DELETE", "DELETE FROM \"Posts\" WHERE \"Id\" = 100", true),
        ("key change", "UPDATE \"Posts\" SET \"Id\" = 150 WHERE \"Id\" = 101", true),
        ("TRUNCATE", "TRUNCATE \"Posts\" CASCADE", true),
    ];

    public static TheoryData<string> Changes => [.. s_changes.Select(c => c.Name)];

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Seed.ExecuteAsync(ConnectionString, """
            INSERT INTO "Posts" ("Id", "Title", "Views", "PublishedAt", "Rating", "AuthorId")
                SELECT a * 100 + i, 'Own ' || a || '.' || i, i, now(), a, a FROM generate_series(1, 3) a, generate_series(0, 1) i;
            UPDATE "Posts" SET "Title" = 'wanted' WHERE "Id" = 300;
            INSERT INTO "PostTag" ("PostsId", "TagsId") SELECT a * 100, t."Id" FROM generate_series(1, 3) a, "Tags" t;
            """);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    [Feature("B-03-predicate")]
    [Feature("B-04-column-mask")]
    [Feature("B-05-external")]
    [Feature("S1.4-unrelated-kept")]
    [Feature("U-31-negative")]
    public async Task A_change_ends_what_it_concerns_and_nothing_else(string name)
    {
        var change = s_changes.Single(c => c.Name == name);
        await using var node = await Node.StartAsync(ConnectionString);
        var elsewhere = await node.ReadAsync(db => db.Documents.Cacheable(s_ttl).CountAsync());
        Assert.Equal(CacheOutcome.Miss, elsewhere.Outcome);
        foreach (var (query, ask) in s_queries)
        {
            foreach (var author in (int[])[Mine, Other])
            {
                await node.ReadAsync(db => ask(db, author, true));
                Assert.True((await node.ReadAsync(db => ask(db, author, true))).Outcome == CacheOutcome.L1Hit, $"{query} of {author} is no hit before anything changed");
            }
        }

        await Seed.ExecuteAsync(ConnectionString, change.Sql);
        await node.CaughtUpAsync(ConnectionString);

        var faults = new List<string>();
        foreach (var (query, ask) in s_queries)
        {
            var mine = await node.ReadAsync(db => ask(db, Mine, true));
            var plain = await node.ReadAsync(db => ask(db, Mine, false));
            if (mine.Value != plain.Value)
            {
                faults.Add($"{query}: {mine.Value} instead of {plain.Value}");
            }

            if (!change.Concerns && mine.Outcome != CacheOutcome.L1Hit)
            {
                faults.Add($"{query}: ended by a column that it does not read");
            }

            var other = await node.ReadAsync(db => ask(db, Other, true));
            var right = await node.ReadAsync(db => ask(db, Other, false));
            if (other.Value != right.Value)
            {
                faults.Add($"{query} of the other: {other.Value} instead of {right.Value}");
            }

            // Nobody's posts are left after a TRUNCATE.
            if (name != "TRUNCATE" && other.Outcome != CacheOutcome.L1Hit)
            {
                faults.Add($"{query} of the other: ended ({other.Outcome})");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => db.Documents.Cacheable(s_ttl).CountAsync())).Outcome);
    }

    [Fact]
    [Feature("B-04-column-mask")]
    [Feature("S4.1-raw")]
    public async Task A_write_of_this_node_ends_at_once_what_a_trigger_changes_beside_it_and_leaves_the_rest()
    {
        await Seed.ExecuteAsync(ConnectionString, """
            CREATE FUNCTION retitle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."Title" := 'seen ' || NEW."Views"; RETURN NEW; END $$;
            CREATE TRIGGER retitle BEFORE UPDATE ON "Posts" FOR EACH ROW EXECUTE FUNCTION retitle();
            """);
        await using var node = await Node.StartAsync(ConnectionString);
        for (var i = 0; i < 20; i++)
        {
            await node.ReadAsync(db => Titles(db).ToListAsync());
            await node.ReadAsync(db => Ratings(db).ToListAsync());
            await node.WriteAsync(async db =>
            {
                var post = await db.Posts.SingleAsync(p => p.Id == 100);
                post.Views = 1000 + i;
                await db.SaveChangesAsync();
            });
            Assert.Contains($"seen {1000 + i}", (await node.ReadAsync(db => Titles(db).ToListAsync())).Value);
        }

        // The ratings were held back for a moment, and have never been read again but in that.
        await node.CaughtUpAsync(ConnectionString);
        await node.ReadAsync(db => Ratings(db).ToListAsync());
        await node.WriteAsync(db => db.Posts.Where(p => p.Id == 100).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, 5)));

        // A look that saw the commit may have begun before this process had noted it: one that sees a later commit too has begun after that.
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Documents\" SET \"Text\" = \"Text\" || '!'");
        await node.CaughtUpAsync(ConnectionString);
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => Ratings(db).ToListAsync())).Outcome);

        static IQueryable<string> Titles(BlogContext db) => db.Posts.Where(p => p.AuthorId == Mine).OrderBy(p => p.Id).Select(p => p.Title).Cacheable(s_ttl);
        static IQueryable<decimal?> Ratings(BlogContext db) => db.Posts.Where(p => p.AuthorId == Mine).OrderBy(p => p.Id).Select(p => p.Rating).Cacheable(s_ttl);
    }

    private static IQueryable<T> On<T>(IQueryable<T> query, bool cached) => cached ? query.Cacheable(s_ttl) : query;

    private static string Text(object? value) => System.Text.Json.JsonSerializer.Serialize(value);
}
