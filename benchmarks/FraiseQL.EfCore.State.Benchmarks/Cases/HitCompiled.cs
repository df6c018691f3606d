using System.ComponentModel;
using System.Globalization;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>L1 hits of a compiled query beside the same query of plain EF, and beside what one writes by hand with HybridCache.</summary>
internal sealed class HitCompiled : IBenchmark
{
    private static readonly Func<BlogContext, int, IAsyncEnumerable<Post>> s_one = EF.CompileAsyncQuery(
        (BlogContext db, int id) => db.Posts.AsNoTracking().Where(p => p.Id == id));

    private static readonly Func<BlogContext, int, IAsyncEnumerable<Post>> s_twenty = EF.CompileAsyncQuery(
        (BlogContext db, int id) => db.Posts.AsNoTracking().Where(p => p.AuthorId == id).OrderBy(p => p.Id).AsQueryable());

    private static readonly Func<BlogContext, int, IAsyncEnumerable<Post>> s_oneCached = EF.CompileAsyncQuery(
        (BlogContext db, int id) => db.Posts.AsNoTracking().Where(p => p.Id == id).Cacheable(TimeSpan.FromHours(1)));

    private static readonly Func<BlogContext, int, IAsyncEnumerable<Post>> s_twentyCached = EF.CompileAsyncQuery(
        (BlogContext db, int id) => db.Posts.AsNoTracking().Where(p => p.AuthorId == id).OrderBy(p => p.Id).Cacheable(TimeSpan.FromHours(1)));

    public string Id => "HIT-COMP";

    public string Title => "L1 hit of a compiled query, no tracking";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        await using var plain = world.Plain();
        await using var cached = node.Context();
        await using var services = HybridServices();
        var hybrid = services.GetRequiredService<HybridCache>();
        return await new Comparison(
                Of("plain EF compiled, 1 row", plain, s_one),
                Of("cached compiled, 1 row", cached, s_oneCached),
                ByHand("HybridCache by hand, 1 row", hybrid, plain, "post", s_one),
                Of("plain EF compiled, 20 rows", plain, s_twenty),
                Of("cached compiled, 20 rows", cached, s_twentyCached),
                ByHand("HybridCache by hand, 20 rows", hybrid, plain, "posts", s_twenty))
            .With(
                Goal.Value("cached compiled, 1 row", Metric.Cpu, 3.5),
                Goal.Value("cached compiled, 1 row", Metric.Bytes, 1.9 * Goal.Kilobyte),
                Goal.Value("cached compiled, 20 rows", Metric.Cpu, 7.5),
                Goal.Value("cached compiled, 20 rows", Metric.Bytes, 8.6 * Goal.Kilobyte))
            .RunAsync(effort);
    }

    private static ServiceProvider HybridServices()
    {
        var services = new ServiceCollection();
        services.AddHybridCache();
        return services.BuildServiceProvider();
    }

    private static Variant Of(string name, BlogContext db, Func<BlogContext, int, IAsyncEnumerable<Post>> query)
        => Variant.Async(name, async n =>
        {
            await foreach (var post in query(db, BlogQueries.Key(n)))
            {
                GC.KeepAlive(post);
            }
        });

    private static Variant ByHand(
        string name, HybridCache cache, BlogContext db, string prefix, Func<BlogContext, int, IAsyncEnumerable<Post>> query)
        => Variant.Async(name, async n =>
        {
            var id = BlogQueries.Key(n);
            var posts = await cache.GetOrCreateAsync(
                string.Create(CultureInfo.InvariantCulture, $"{prefix}:{id}"),
                (db, query, id),
                static async (state, cancellationToken) => new Posts(await state.query(state.db, state.id).ToArrayAsync(cancellationToken)));
            GC.KeepAlive(posts);
        });

    [ImmutableObject(true)]
    private sealed record Posts(Post[] Items);
}
