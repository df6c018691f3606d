using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>The hits of HIT-1 and HIT-20 with <c>UseFastFrontEnd</c>, beside the same without it, beside hook A and beside plain EF.</summary>
internal sealed class HitFrontEnd : IBenchmark
{
    public string Id => "HIT-E";

    public string Title => "L1 hit with UseFastFrontEnd, no tracking, async";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        await using var fast = await Node.StartAsync(world.ConnectionString, frontEnd: true);
        await using var plain = world.Plain();
        await using var hooked = world.Plain(new HookA());
        await using var hookedTwenty = world.Plain(new HookA());
        await using var cached = node.Context();
        await using var front = fast.Context();
        for (var n = 0; n < BlogQueries.Keys; n++)
        {
            foreach (var context in (BlogContext[])[cached, front])
            {
                await One(context, n).ToListAsync();
                await Twenty(context, n).ToListAsync();
            }
        }

        var figures = await new Comparison(
                Of("plain EF, 1 row", plain, BlogQueries.One),
                Of("hook A, 1 row", hooked, BlogQueries.One),
                Of("cached, 1 row", cached, One),
                Of("front end, 1 row", front, One),
                Of("front end, default ttl, 1 row", front, (db, n) => BlogQueries.One(db, n).Cacheable()),
                Of("plain EF, 20 rows", plain, BlogQueries.Twenty),
                Of("hook A, 20 rows", hookedTwenty, BlogQueries.Twenty),
                Of("cached, 20 rows", cached, Twenty),
                Of("front end, 20 rows", front, Twenty))
            .With(
                Goal.Ratio("front end, 1 row", Metric.Cpu, "hook A, 1 row", 0.5),
                Goal.Ratio("front end, 1 row", Metric.Cpu, "cached, 1 row", 0.6),
                Goal.Value("front end, 1 row", Metric.Bytes, 4 * Goal.Kilobyte),
                Goal.Ratio("front end, 20 rows", Metric.Cpu, "hook A, 20 rows", 0.5),
                Goal.Value("front end, 20 rows", Metric.Bytes, 11 * Goal.Kilobyte))
            .RunAsync(effort);
        var outcome = front.Database.GetCacheOutcome();
        return outcome == CacheOutcome.L1Hit ? figures : throw new InvalidOperationException($"The last read was no hit: {outcome}.");
    }

    private static IQueryable<Post> One(BlogContext db, int n) => BlogQueries.One(db, n).Cacheable(BlogQueries.Ttl);

    private static IQueryable<Post> Twenty(BlogContext db, int n) => BlogQueries.Twenty(db, n).Cacheable(BlogQueries.Ttl);

    private static Variant Of(string name, BlogContext db, Func<BlogContext, int, IQueryable<Post>> query)
        => Variant.Async(name, async n => await query(db, n).ToListAsync());
}
