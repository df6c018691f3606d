using System.ComponentModel;
using System.Globalization;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>Hits of <c>CacheableQuery.Compile</c> beside what one writes by hand with HybridCache for the same immutable list.</summary>
internal sealed class HitTyped : IBenchmark
{
    private static readonly CompiledCacheableQuery<BlogContext, int, IReadOnlyList<PostCard>> s_one = CacheableQuery.Compile(
        (BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Select(p => new PostCard(p.Id, p.Title, p.PublishedAt)).Cacheable(TimeSpan.FromHours(1)));

    private static readonly CompiledCacheableQuery<BlogContext, int, IReadOnlyList<PostCard>> s_twenty = CacheableQuery.Compile(
        (BlogContext db, int id) => db.Posts.Where(p => p.AuthorId == id).OrderBy(p => p.Id)
            .Select(p => new PostCard(p.Id, p.Title, p.PublishedAt)).Cacheable(TimeSpan.FromHours(1)));

    private static readonly Func<BlogContext, int, IAsyncEnumerable<PostCard>> s_oneCompiled = EF.CompileAsyncQuery(
        (BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Select(p => new PostCard(p.Id, p.Title, p.PublishedAt)));

    private static readonly Func<BlogContext, int, IAsyncEnumerable<PostCard>> s_twentyCompiled = EF.CompileAsyncQuery(
        (BlogContext db, int id) => db.Posts.Where(p => p.AuthorId == id).OrderBy(p => p.Id)
            .Select(p => new PostCard(p.Id, p.Title, p.PublishedAt)).AsQueryable());

    public string Id => "HIT-TYPED";

    public string Title => "L1 hit of CacheableQuery.Compile: the immutable list itself is shared";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        await using var plain = world.Plain();
        await using var cached = node.Context();
        await using var services = new ServiceCollection().AddHybridCache().Services.BuildServiceProvider();
        var hybrid = services.GetRequiredService<HybridCache>();
        var figures = await new Comparison(
                Typed("typed, 1 row", cached, s_one),
                ByHand("HybridCache by hand, 1 row", hybrid, plain, "post", s_oneCompiled),
                Typed("typed, 20 rows", cached, s_twenty),
                ByHand("HybridCache by hand, 20 rows", hybrid, plain, "posts", s_twentyCompiled))
            .With(
                Goal.Ratio("typed, 1 row", Metric.Cpu, "HybridCache by hand, 1 row", 2),
                Goal.Value("typed, 1 row", Metric.Bytes, 64),
                Goal.Ratio("typed, 20 rows", Metric.Cpu, "HybridCache by hand, 20 rows", 2),
                Goal.Ratio("typed, 20 rows", Metric.Cpu, "typed, 1 row", 1.1),
                Goal.Value("typed, 20 rows", Metric.Bytes, 64))
            .RunAsync(effort);
        var outcome = cached.Database.GetCacheOutcome();
        return outcome == CacheOutcome.L1Hit ? figures : throw new InvalidOperationException($"The last read was no hit: {outcome}.");
    }

    private static Variant Typed(string name, BlogContext db, CompiledCacheableQuery<BlogContext, int, IReadOnlyList<PostCard>> query)
        => Many(name, async n => GC.KeepAlive(await query.ExecuteAsync(db, BlogQueries.Key(n))));

    private static Variant ByHand(
        string name, HybridCache cache, BlogContext db, string prefix, Func<BlogContext, int, IAsyncEnumerable<PostCard>> query)
        => Many(name, async n =>
        {
            var id = BlogQueries.Key(n);
            GC.KeepAlive(await cache.GetOrCreateAsync(
                string.Create(CultureInfo.InvariantCulture, $"{prefix}:{id}"),
                (db, query, id),
                static async (state, cancellationToken) => new Cards(await state.query(state.db, state.id).ToArrayAsync(cancellationToken))));
        });

    // The harness' own delegate and task would be a good part of what is measured.
    private static Variant Many(string name, Func<int, ValueTask> operation)
    {
        var next = 0;
        return new Variant(name, async count =>
        {
            for (var i = 0; i < count; i++)
            {
                await operation(next++);
            }
        });
    }

    internal sealed record PostCard(int Id, string Title, DateTime PublishedAt);

    [ImmutableObject(true)]
    private sealed record Cards(PostCard[] Items);
}
