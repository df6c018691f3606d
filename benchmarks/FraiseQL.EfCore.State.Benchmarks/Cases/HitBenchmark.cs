using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>L1 hits of a LINQ query beside plain EF and beside hook A. Each variant has one context, as one request has.</summary>
internal abstract class HitBenchmark<T> : IBenchmark
    where T : class
{
    public abstract string Id { get; }

    public abstract string Title { get; }

    protected abstract double WallToPlain { get; }

    protected abstract double CpuToHook { get; }

    protected abstract double Bytes { get; }

    protected virtual bool Tracks => false;

    protected abstract IQueryable<T> Query(BlogContext db, int n);

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        await using var plain = world.Plain();
        await using var hooked = world.Plain(new HookA());
        await using var cached = node.Context();
        for (var n = 0; n < BlogQueries.Keys; n++)
        {
            await Cacheable(cached, n).ToListAsync();
        }

        var figures = await new Comparison(
                Async("plain EF, async", plain, Query),
                Async("hook A, async", hooked, Query),
                Async("cached, async", cached, Cacheable),
                Async("cached, default ttl, async", cached, (db, n) => Query(db, n).Cacheable()),
                Sync("plain EF, sync", plain, Query),
                Sync("hook A, sync", hooked, Query),
                Sync("cached, sync", cached, Cacheable))
            .With(
            [
                .. Goals("async"),
                .. Goals("sync"),

                // What the ttl costs as one more parameter of the query.
                Goal.Ratio("cached, default ttl, async", Metric.Cpu, "hook A, async", CpuToHook),
            ])
            .RunAsync(effort);
        var outcome = cached.Database.GetCacheOutcome();
        return outcome == CacheOutcome.L1Hit ? figures : throw new InvalidOperationException($"The last read was no hit: {outcome}.");
    }

    private Goal[] Goals(string form) =>
    [
        Goal.Ratio($"cached, {form}", Metric.Wall, $"plain EF, {form}", WallToPlain),
        Goal.Ratio($"cached, {form}", Metric.Cpu, $"hook A, {form}", CpuToHook),
        Goal.Value($"cached, {form}", Metric.Bytes, Bytes),
    ];

    private IQueryable<T> Cacheable(BlogContext db, int n) => Query(db, n).Cacheable(BlogQueries.Ttl);

    private Variant Async(string name, BlogContext db, Func<BlogContext, int, IQueryable<T>> query)
        => Variant.Async(name, async n =>
        {
            await query(db, n).ToListAsync();
            Forget(db);
        });

    private Variant Sync(string name, BlogContext db, Func<BlogContext, int, IQueryable<T>> query)
        => Variant.Sync(name, n =>
        {
            _ = query(db, n).ToList();
            Forget(db);
        });

    private void Forget(BlogContext db)
    {
        if (Tracks)
        {
            db.ChangeTracker.Clear();
        }
    }
}
