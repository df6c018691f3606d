using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// A miss, each time under a key that was never seen: key, flight, database with the snapshot in the same round trip, copy, entry.
/// </summary>
internal sealed class Miss : IBenchmark
{
    // Makes the key new and selects every row: no post has as few views.
    private int _views;

    public string Id => "MISS";

    public string Title => "a miss, memory only, on a node that listens and on one that does not";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        await using var plain = world.Plain();
        await using var cached = node.Context();
        await using var alone = new BlogContext(BenchWorld.Options(world.ConnectionString, state: true));
        var figures = await new Comparison(
                Of("plain EF, 1 row", plain, One, cacheable: false),
                Of("miss, 1 row", cached, One, cacheable: true),
                Of("miss without a listener, 1 row", alone, One, cacheable: true),
                Of("plain EF, 20 rows", plain, Twenty, cacheable: false),
                Of("miss, 20 rows", cached, Twenty, cacheable: true),
                Of("miss without a listener, 20 rows", alone, Twenty, cacheable: true))
            .With([.. Goals("1 row"), .. Goals("20 rows")])
            .RunAsync(effort);
        var outcome = cached.Database.GetCacheOutcome();
        return outcome == CacheOutcome.Miss ? figures : throw new InvalidOperationException($"The last read was no miss: {outcome}.");
    }

    private static Goal[] Goals(string rows) =>
    [
        .. new[] { $"miss, {rows}", $"miss without a listener, {rows}" }.SelectMany(miss => new[]
        {
            Goal.Ratio(miss, Metric.Wall, $"plain EF, {rows}", 1.1),
            Goal.Excess(miss, Metric.Bytes, $"plain EF, {rows}", 10 * Goal.Kilobyte),
        }),
    ];

    private Variant Of(string name, BlogContext db, Func<BlogContext, int, int, IQueryable<Post>> query, bool cacheable)
        => Variant.Async(name, n =>
        {
            var posts = query(db, n, --_views);
            return (cacheable ? posts.Cacheable(BlogQueries.Ttl) : posts).ToListAsync();
        });

    private static IQueryable<Post> One(BlogContext db, int n, int views) => BlogQueries.One(db, n).Where(p => p.Views > views);

    private static IQueryable<Post> Twenty(BlogContext db, int n, int views) => BlogQueries.Twenty(db, n).Where(p => p.Views > views);
}
