using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// Hits in memories with few and many entries, and of entries with few and many dependencies. The entries are put there as a miss would put them,
/// but for the database: each is one real row under its own key. The reads go over all of them, in an order that no processor guesses.
/// </summary>
internal sealed class HitSize : IBenchmark
{
    private const int Base = 1_000_000_000;

    public string Id => "HIT-SIZE";

    public string Title => "L1 hit, one row, no tracking, with more and more entries, and more and more dependencies";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        await using var small = await FilledAsync(world, 1_000, 1);
        await using var middle = await FilledAsync(world, 100_000, 1);

        // Of the million every other one has been hit before: filling two takes most of the time of all benchmarks.
        await using var large = await FilledAsync(world, 1_000_000, 1, touchedEvery: 2);
        await using var five = await FilledAsync(world, 1_000, 5);
        await using var twenty = await FilledAsync(world, 1_000, 20);
        return await new Comparison(
                Over("1 000 entries", small, 1_000),
                Over("100 000 entries", middle, 100_000),
                Over("1 000 000 entries", large, 1_000_000, every: 2),
                Over("1 000 000 entries, first hit", large, 1_000_000, every: 2, from: 1),
                Over("1 dependency", small, 1_000),
                Over("5 dependencies", five, 1_000),
                Over("20 dependencies", twenty, 1_000))
            .With(
                Goal.Ratio("100 000 entries", Metric.Cpu, "1 000 entries", 1.2),
                Goal.Ratio("1 000 000 entries", Metric.Cpu, "1 000 entries", 1.2),
                Goal.Ratio("5 dependencies", Metric.Cpu, "1 dependency", 1.2),
                Goal.Ratio("20 dependencies", Metric.Cpu, "1 dependency", 1.2))
            .RunAsync(effort);
    }

    private static Variant Over(string name, Filled filled, int entries, int every = 1, int from = 0)
        => Variant.Sync(name, n =>
        {
            var db = filled.Context;
            var id = Base + ((int)((uint)n * 2_654_435_761L % (entries / every)) * every) + from;
            GC.KeepAlive(db.Posts.AsNoTracking().Where(p => p.Id == id).Cacheable(BlogQueries.Ttl).ToList());
            if (db.Database.GetCacheOutcome() != CacheOutcome.L1Hit)
            {
                throw new InvalidOperationException($"{name}: entry {id} is no hit: {db.Database.GetCacheOutcome()}");
            }
        });

    // Touched: each entry has been hit once, as the first hit of an entry makes its key anew and the later ones find it.
    private static async Task<Filled> FilledAsync(BenchWorld world, int entries, int dependencies, int touchedEvery = 1)
    {
        var node = await Node.StartAsync(world.ConnectionString, configure: o => o.Cache.L1.MaxSizeMb = 8192);
        var db = node.Context();
        var session = db.GetService<StateSession>();
        var seen = session.Observe();
        var id = 1;
        _ = await db.Posts.AsNoTracking().Where(p => p.Id == id).Cacheable(BlogQueries.Ttl).ToListAsync();
        session.StopObserving();
        var store = session.Runtime.Store;
        for (var i = 0; i < entries; i++)
        {
            var key = KeyOf(session, seen, db, Base + i, dependencies);
            store.StoreInL1(
                key,
                new CachedEntry(seen.Entry!.Rows, seen.Entry.Snapshot, seen.Entry.CreatedAt, BlogQueries.Ttl, seen.Entry.ValidatedEpoch));
            if (i % touchedEvery == 0)
            {
                store.FindInL1(key);
            }
        }

        return new Filled(node, db);
    }

    private static CacheKey KeyOf(StateSession session, Observation seen, BlogContext db, int id, int dependencies)
    {
        var plan = seen.Plan!;
        var values = new Dictionary<string, object?> { [plan.Parameters[0].Name] = id };
        var writer = new KeyWriter(stackalloc byte[384]);
        plan.TryWriteKey(ref writer, seen.Lookup.Database.Identity, seen.Lookup.Policy, values);
        session.Runtime.Scopes.Write(ref writer, db, perUser: false, readsSettings: true, out _);
        var bytes = writer.Written.ToArray();
        var key = plan.CreateKey(bytes, KeyMemo<CacheKey>.HashOf(bytes), seen.Lookup.Policy, values);
        if (dependencies > 1)
        {
            // As many more cells as the dependencies would be.
            int[] cells = [.. key.Cells, .. Enumerable.Range(0, dependencies - 1).Select(d => CellHash.Value("public.Posts", "Id", $"{d}"))];
            key = new CacheKey(bytes, key.Hash, cells, null, key.PendingCells);
        }

        return key;
    }

    private sealed record Filled(Node Node, BlogContext Context) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Context.DisposeAsync();
            await Node.DisposeAsync();
        }
    }
}
