using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>
/// Cached equals uncached: random writes by EF, by SQL of this node and by another program, and after each, queries of all shapes. What one
/// of them wrongly believed to be independent of the write would be served as it was.
/// </summary>
public sealed class TransparencyTests(ITestOutputHelper output) : BlogDatabaseTests
{
    private const int Scripts = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Feature("U-02-transparency")]
    [Feature("U-03-precision-sound")]
    public async Task Every_shape_gives_the_databases_answer_after_every_kind_of_write(int round)
    {
        var seed = Environment.TickCount + round;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var node = await Node.StartAsync(ConnectionString);
        var hits = 0;
        var reads = 0;
        for (var script = 0; script < Scripts; script++)
        {
            var write = Write(random);
            if (random.Next(3) == 0)
            {
                await Seed.ExecuteAsync(ConnectionString, write);
                await CaughtUp.AllAsync(ConnectionString, node);
            }
            else if (random.Next(2) == 0)
            {
                await node.WriteAsync(db => db.Database.ExecuteSqlRawAsync(write));
            }
            else
            {
                write = "EF: " + await WriteByEfAsync(node, random);
            }

            // All shapes over a few scripts; one number for each, so that some entries are old and some are new.
            for (var i = 0; i < 12; i++)
            {
                var (name, run) = QueryShapes.All[random.Next(QueryShapes.All.Length)];
                var number = random.Next(1, 6);
                var (cached, outcome) = await node.ReadAsync(db => run(db, number, true));
                var (direct, _) = await node.ReadAsync(db => run(db, number, false));
                Assert.True(
                    cached == direct,
                    string.Create(CultureInfo.InvariantCulture, $"seed {seed}, script {script}, «{name}» with {number} ({outcome}) after «{write}»:\ncached {cached}\nactual {direct}"));
                reads++;
                hits += outcome == CacheOutcome.L1Hit ? 1 : 0;
            }
        }

        output.WriteLine($"{reads} reads, {hits} hits");
        Assert.True(hits > reads / 10, $"only {hits} of {reads} were hits");
    }

    private static string Write(Random random)
    {
        var id = random.Next(1, 16);
        var other = random.Next(1, 6);
        return random.Next(12) switch
        {
            0 => $"UPDATE \"Posts\" SET \"Title\" = 'title {random.Next(99)}' WHERE \"Id\" = {id}",
            1 => $"UPDATE \"Posts\" SET \"AuthorId\" = {random.Next(1, 5)} WHERE \"Id\" = {id}",
            2 => $"UPDATE \"Posts\" SET \"Views\" = {random.Next(60)} WHERE \"AuthorId\" = {other}",
            3 => $"INSERT INTO \"Posts\" (\"Title\", \"Views\", \"PublishedAt\", \"AuthorId\") VALUES ('inserted', {random.Next(60)}, now(), {random.Next(1, 5)})",
            4 => $"DELETE FROM \"Posts\" WHERE \"Id\" = {id} AND (SELECT count(*) FROM \"Posts\") > 8",
            5 => $"UPDATE \"Authors\" SET \"Name\" = 'Author {other}' WHERE \"Id\" = {random.Next(1, 5)}",
            6 => $"INSERT INTO \"PostTag\" (\"PostsId\", \"TagsId\") SELECT \"Id\", {random.Next(1, 4)} FROM \"Posts\" WHERE \"Id\" = {id} ON CONFLICT DO NOTHING",
            7 => $"DELETE FROM \"PostTag\" WHERE \"PostsId\" = {id}",
            8 => $"INSERT INTO \"Comments\" (\"Text\", \"PostId\") SELECT 'comment {random.Next(99)}', \"Id\" FROM \"Posts\" WHERE \"Id\" = {id}",
            9 => $"UPDATE \"Tags\" SET \"Name\" = 'tag {random.Next(1, 6)}' WHERE \"Id\" = {random.Next(1, 4)}",
            10 => $"UPDATE \"Posts\" SET \"Id\" = \"Id\" + 100 WHERE \"Id\" = {id} AND NOT EXISTS (SELECT FROM \"Posts\" x WHERE x.\"Id\" = {id + 100}) AND NOT EXISTS (SELECT FROM \"Comments\" WHERE \"PostId\" = {id}) AND NOT EXISTS (SELECT FROM \"PostTag\" WHERE \"PostsId\" = {id})",
            _ => random.Next(6) == 0 ? "TRUNCATE \"Comments\"" : $"UPDATE \"Comments\" SET \"PostId\" = (SELECT min(\"Id\") FROM \"Posts\") WHERE \"Id\" = {id}",
        };
    }

    private static async Task<string> WriteByEfAsync(Node node, Random random)
    {
        await using var db = node.CreateContext();
        var posts = await db.Posts.Include(p => p.Tags).OrderBy(p => p.Id).ToListAsync();
        var post = posts[random.Next(posts.Count)];
        switch (random.Next(7))
        {
            case 0:
                post.AuthorId = random.Next(1, 5);
                await db.SaveChangesAsync();
                return $"post {post.Id} moved";
            case 1:
                post.Tags.Clear();
                await db.SaveChangesAsync();
                return $"tags of {post.Id} cleared";
            case 2:
                db.Posts.Add(new Post { Title = "by EF", AuthorId = random.Next(1, 5), PublishedAt = DateTime.UtcNow });
                await db.SaveChangesAsync();
                return "post added";
            case 3:
                await using (var transaction = await db.Database.BeginTransactionAsync())
                {
                    await db.Posts.Where(p => p.Id == post.Id).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, 1000));
                    await transaction.RollbackAsync();
                }

                return "rolled back";
            case 4:
                await db.Posts.Where(p => p.Id == post.Id).ExecuteUpdateAsync(s => s.SetProperty(p => p.AuthorId, random.Next(1, 5)));
                return $"post {post.Id} moved by ExecuteUpdate";
            case 5 when posts.Count > 8:
                db.ChangeTracker.Clear();
                db.Remove(new Post { Id = post.Id });
                await db.SaveChangesAsync();
                return $"post {post.Id} removed by a stub";
            default:
                db.ChangeTracker.Clear();
                db.Update(new Post { Id = post.Id, Title = "replaced", AuthorId = random.Next(1, 5), PublishedAt = DateTime.UtcNow });
                await db.SaveChangesAsync();
                return $"post {post.Id} replaced without having been read";
        }
    }
}
