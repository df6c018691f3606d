using System.Globalization;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// What one change costs the node that hears of it, with few and with many entries: an update that moves a row in four columns that queries may depend
/// on, so that its table, its key, four old and four new values are concerned. The JSON of the two images is read as it comes from the log.
/// </summary>
internal sealed class Inval : IBenchmark
{
    private const int Page = 1000;
    private const int InTransaction = 10;
    private const double Goal = 500_000;

    public string Id => "INVAL";

    public string Title => "A change with 10 dependency cells is applied, with few and many cached entries";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        await using var few = Prepared.Create(world.ConnectionString, 1_000);
        await using var many = Prepared.Create(world.ConnectionString, 1_000_000);
        var figures = await new Comparison(Over("1 000 entries", few), Over("1 000 000 entries", many))
            .With(Goal0("1 000 000 entries"))
            .RunAsync(effort);
        var perSecond = figures.Where(f => f.Metric == "cpu median")
            .Select(f => new Figure(f.Variant, "changes a second of one core", 1_000_000 / f.Value, "1/s", Goal: $">= {Goal} 1/s", Met: 1_000_000 / f.Value >= Goal));
        return [.. figures, .. perSecond];
    }

    private static Goal Goal0(string variant) => Harness.Goal.Ratio(variant, Metric.Cpu, "1 000 entries", 1.2);

    // One operation is one change; they come in pages, as the listener hands them over.
    private static Variant Over(string name, Prepared prepared)
        => new(name, count =>
        {
            for (var done = 0; done < count; done += Page)
            {
                prepared.Apply(Math.Min(Page, count - done));
            }

            return Task.CompletedTask;
        });

    private sealed class Prepared(ServiceProvider services, CacheInvalidator invalidator) : IAsyncDisposable
    {
        private readonly ChangeRecord[] _changes = new ChangeRecord[Page * 8];
        private ulong _transaction = 1000;
        private int _next;

        public static Prepared Create(string connectionString, int entries)
        {
            var collection = new ServiceCollection();
            collection.AddLogging();
            collection.AddDbContext<OrderContext>(o => o.UseNpgsql(connectionString).UseFraiseQLState());
            collection.AddFraiseQLState<OrderContext>(configure: o => o.Cache.L1.MaxSizeMb = 8192);
            var services = collection.BuildServiceProvider();
            var runtime = services.GetRequiredKeyedService<StateRuntime>(typeof(OrderContext));
            var invalidator = new CacheInvalidator(runtime, services.GetRequiredService<IServiceScopeFactory>(), typeof(OrderContext));
            var prepared = new Prepared(services, invalidator);
            invalidator.CoverageStarted(new PgSnapshot(1, 1, []));
            Fill(runtime, entries);
            prepared.Decode();
            return prepared;
        }

        public void Apply(int count)
        {
            var poll = invalidator.PollStarting();
            if (_next + count > _changes.Length)
            {
                _next = 0;
                Decode();
            }

            invalidator.Changed(new ArraySegment<ChangeRecord>(_changes, _next, count));
            _next += count;
            invalidator.CaughtUp(poll, new PgSnapshot(_transaction, _transaction, []));
        }

        public ValueTask DisposeAsync() => services.DisposeAsync();

        // Records with new transactions over the same texts: what the listener makes of a page before it hands it over.
        private void Decode()
        {
            for (var i = 0; i < _changes.Length; i++)
            {
                _changes[i] = _changes[i] is { } known
                    ? known with { TransactionId = _transaction + (ulong)(i / InTransaction) }
                    : new ChangeRecord(
                        i, _transaction + (ulong)(i / InTransaction), default, "Order", "public.Orders", ChangeKind.Updated, $$"""{"Id": {{i}}}""",
                        Image(i, 0), Image(i, 1), null, null, ["CustomerId", "ShopId", "ClerkId", "StateId"]);
            }

            _transaction += (ulong)_changes.Length;
        }

        private static string Image(int id, int version)
            => string.Create(CultureInfo.InvariantCulture, $$"""{"Id": {{id}}, "ClerkId": {{(id * 3) + version}}, "CustomerId": {{(id * 7) + version}}, "ShopId": {{(id % 50) + version}}, "StateId": {{(id % 5) + version}}}""");

        private static void Fill(StateRuntime runtime, int entries)
        {
            var ledger = runtime.LedgerOf("bench");
            var rows = new Rows.RowSet(0, [], []);
            var snapshot = new PgSnapshot(1, 1, []);
            for (var i = 0; i < entries; i++)
            {
                var bytes = BitConverter.GetBytes((long)i);
                int[] cells = [CellHash.Whole("public.Orders"), CellHash.Value("public.Orders", "CustomerId", $"{i}")];
                runtime.Store.StoreInL1(
                    new CacheKey(bytes, KeyMemo<CacheKey>.HashOf(bytes), cells, null, []),
                    new CachedEntry(rows, snapshot, TimeProvider.System.GetUtcNow(), BlogQueries.Ttl, ledger.Stamp()), BlogQueries.Ttl);
            }
        }
    }

    private sealed class Order
    {
        public int Id { get; set; }

        public int CustomerId { get; set; }

        public int ShopId { get; set; }

        public int ClerkId { get; set; }

        public int StateId { get; set; }
    }

    private sealed class OrderContext(DbContextOptions<OrderContext> options) : DbContext(options)
    {
        public DbSet<Order> Orders => Set<Order>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            foreach (var column in (string[])["CustomerId", "ShopId", "ClerkId", "StateId"])
            {
                modelBuilder.Entity<Order>().HasIndex(column);
            }
        }
    }
}
