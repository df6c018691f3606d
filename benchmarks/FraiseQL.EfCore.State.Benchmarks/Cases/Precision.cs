using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// A trace of reads and writes of a blog: how many reads hit. Virtual time: one thing after the other, and each write is heard of before the next read.
/// Beside it, the same trace under a cache that ends all entries of a table with each write of it; that one needs no server, only counting.
/// </summary>
internal sealed class Precision : IBenchmark
{
    private const int PerSecond = 1000;
    private const double Goal = 0.9;
    private const double TableGoal = 0.2;

    public string Id => "PRECISION";

    public string Title => "Hits of a Zipf(0.99) trace, 90 % by author, 5 % by id, 5 % trending, 5 % writes, beside table-level invalidation";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var operations = PerSecond * (effort.Quick ? 10 : 60);
        await using var node = await Node.StartAsync(world.ConnectionString);
        await using var foreign = new NpgsqlConnection(world.ConnectionString);
        await foreign.OpenAsync();

        // Every author's list and the trending one have been read before, as on a node that has run for a while.
        for (var author = 1; author <= DataSet.Authors; author++)
        {
            await ReadAsync(node, Kind.ByAuthor, author);
        }

        var random = new Random(7);
        var (authors, posts) = (new Zipf(DataSet.Authors, 0.99), new Zipf(DataSet.Posts, 0.99));
        var counts = new (int Reads, int Hits, int TableHits)[3];
        var filledAt = new Dictionary<(Kind, int), int>();
        var (writes, postsWrittenAt) = (0, -1);
        for (var i = 0; i < operations; i++)
        {
            if (random.Next(20) == 0)
            {
                writes++;

                // Posts are numbered in turns over the authors: one of a popular author is written more often.
                var post = 1 + authors.Next(random) + (DataSet.Authors * random.Next(DataSet.PostsPerAuthor));
                await WriteAsync(node, foreign, random, post);
                postsWrittenAt = i;
                continue;
            }

            var kind = random.Next(20) switch
            {
                0 => Kind.Trending,
                1 => Kind.ById,
                _ => Kind.ByAuthor,
            };
            var key = kind switch
            {
                Kind.Trending => 0,
                Kind.ById => 1 + posts.Next(random),
                _ => 1 + authors.Next(random),
            };
            var isHit = await ReadAsync(node, kind, key);
            var wouldHit = filledAt.TryGetValue((kind, key), out var filled)
                ? filled > postsWrittenAt
                : kind == Kind.ByAuthor && postsWrittenAt < 0;
            if (!wouldHit)
            {
                filledAt[(kind, key)] = i;
            }

            ref var count = ref counts[(int)kind];
            count = (count.Reads + 1, count.Hits + (isHit ? 1 : 0), count.TableHits + (wouldHit ? 1 : 0));
        }

        var reads = counts.Sum(c => c.Reads);
        var (ratio, tableRatio) = (counts.Sum(c => c.Hits) / (double)reads, counts.Sum(c => c.TableHits) / (double)reads);
        return
        [
            new Figure("by predicate", "hit ratio", ratio, "", "by table", ratio / tableRatio, $">= {Goal}", ratio >= Goal),
            new Figure("by table", "hit ratio", tableRatio, "", Goal: $"< {TableGoal}", Met: tableRatio < TableGoal),
            .. Enum.GetValues<Kind>().Select(k => new Figure(
                $"by predicate, {k}", "hit ratio", counts[(int)k].Hits / (double)counts[(int)k].Reads, "", "by table", Ratio(counts[(int)k].Hits, counts[(int)k].TableHits))),
            new Figure("trace", "reads", reads, ""),
            new Figure("trace", "writes", writes, ""),
        ];
    }

    private static double? Ratio(int mine, int other) => other == 0 ? null : (double)mine / other;

    private static async Task<bool> ReadAsync(Node node, Kind kind, int key)
    {
        await using var db = node.Context();
        _ = kind switch
        {
            Kind.Trending => (await db.Posts.OrderByDescending(p => p.Views).ThenBy(p => p.Id).Take(10).Select(p => new { p.Id, p.Title }).Cacheable(BlogQueries.Ttl).ToListAsync()).Count,
            Kind.ById => (await db.Posts.AsNoTracking().Where(p => p.Id == key).Cacheable(BlogQueries.Ttl).ToListAsync()).Count,
            _ => (await db.Posts.Where(p => p.AuthorId == key).OrderBy(p => p.Id).Select(p => new { p.Id, p.Title, p.PublishedAt }).Cacheable(BlogQueries.Ttl).ToListAsync()).Count,
        };
        return db.Database.GetCacheOutcome() == CacheOutcome.L1Hit;
    }

    /// <summary>Half of the writes are a foreign program's, half of them change what lists show, the others only count a view.</summary>
    private static async Task WriteAsync(Node node, NpgsqlConnection foreign, Random random, int post)
    {
        var isTitle = random.Next(2) == 0;
        if (random.Next(2) == 0)
        {
            await using var db = node.Context();
            var found = await db.Posts.SingleAsync(p => p.Id == post);
            found.Title = isTitle ? $"Post {post} anew, {found.Views}" : found.Title;
            found.Views++;
            await db.SaveChangesAsync();
        }
        else
        {
            await using var update = new NpgsqlCommand(
                isTitle
                    ? "UPDATE \"Posts\" SET \"Title\" = 'Post ' || \"Id\" || ' about ' || \"Views\", \"Views\" = \"Views\" + 1 WHERE \"Id\" = $1"
                    : "UPDATE \"Posts\" SET \"Views\" = \"Views\" + 1 WHERE \"Id\" = $1",
                foreign);
            update.Parameters.Add(new NpgsqlParameter<int> { TypedValue = post });
            await update.ExecuteNonQueryAsync();
        }

        await node.CaughtUpAsync(foreign);
    }

    private enum Kind
    {
        ByAuthor,
        ById,
        Trending,
    }
}
