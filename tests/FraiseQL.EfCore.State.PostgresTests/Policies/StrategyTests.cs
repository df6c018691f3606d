using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Policies;

/// <summary>Aggregates over a fact table whose changes are not captured: ended by a version table, or by their time to live.</summary>
[Feature("U-35-fact-versions")]
public sealed class StrategyTests : IAsyncLifetime
{
    private readonly AdjustableTime _time = new();
    private string _connectionString = "";
    private IHost? _host;

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        _host = CreateHost();
        await using (var db = Context())
        {
            await db.Database.EnsureCreatedAsync();
            db.AddRange(new SalesVersion { Id = 1 }, new Unrelated { Id = 1 }, new Sale { Id = 1, Region = "north", Amount = 10 });
            await db.SaveChangesAsync();
        }

        await _host.StartAsync();
        await Eventually.Until(async () => (await ReadAsync(db => db.Versions.Cacheable().CountAsync())).Outcome != CacheOutcome.Bypass, TimeSpan.FromSeconds(20));
    }

    public async Task DisposeAsync()
    {
        await _host!.StopAsync();
        _host.Dispose();
    }

    [Fact]
    public async Task A_load_of_facts_ends_nothing_until_it_writes_the_version()
    {
        Assert.Equal((10, CacheOutcome.Miss), await Total());
        await ExecuteAsync("INSERT INTO \"Sales\" (\"Id\", \"Region\", \"Amount\") SELECT i, 'north', 1 FROM generate_series(2, 1001) AS i");
        await ExecuteAsync("UPDATE \"Unrelated\" SET \"Note\" = 'x'");
        Assert.Equal((10, CacheOutcome.L1Hit), await Total());

        await ExecuteAsync("UPDATE \"Versions\" SET \"Number\" = \"Number\" + 1");
        await Eventually.Until(async () => (await Total()).Value == 1010);
        Assert.Equal((1010, CacheOutcome.L1Hit), await Total());

        // A load and its version in one transaction of this node: seen at once.
        await using (var db = Context())
        {
            db.Add(new Sale { Id = 2000, Region = "north", Amount = 5 });
            (await db.Versions.SingleAsync()).Number++;
            await db.SaveChangesAsync();
        }

        Assert.Equal(1015, (await Total()).Value);

        Task<(int Value, CacheOutcome Outcome)> Total()
            => ReadAsync(db => db.Sales.Where(s => s.Region == "north").Cacheable(o => o.DependsOnlyOn<SalesVersion>()).SumAsync(s => s.Amount));
    }

    [Fact]
    public async Task A_result_until_expiry_ends_with_its_time_whatever_changes()
    {
        var ttl = TimeSpan.FromMinutes(1);
        Assert.Equal((1, CacheOutcome.Miss), await Count());
        await ExecuteAsync("INSERT INTO \"Sales\" (\"Id\", \"Region\", \"Amount\") VALUES (2, 'south', 1)");
        await ExecuteAsync("UPDATE \"Versions\" SET \"Number\" = \"Number\" + 1");
        _time.Shift += TimeSpan.FromSeconds(58);
        await Eventually.Until(async () => (await Count()).Outcome == CacheOutcome.L1Hit);
        Assert.Equal(1, (await Count()).Value);
        _time.Shift += TimeSpan.FromSeconds(3);
        await Eventually.Until(async () => (await Count()).Value == 2);

        Task<(int Value, CacheOutcome Outcome)> Count() => ReadAsync(db => db.Sales.Cacheable(o => o.Ttl(ttl).UntilExpired()).CountAsync());
    }

    [Fact]
    public async Task Until_expiry_the_changes_of_a_captured_table_end_nothing_either()
    {
        await Eventually.Until(async () => (await Whole()).Outcome == CacheOutcome.L1Hit && (await One()).Outcome == CacheOutcome.L1Hit);
        await ExecuteAsync("UPDATE \"Versions\" SET \"Number\" = 70; INSERT INTO \"Versions\" (\"Id\", \"Number\") VALUES (2, 7)");

        // Who heeds the table has heard of it; so the others have not ended.
        await Eventually.Until(async () => (await ReadAsync(db => db.Versions.Cacheable().CountAsync())).Value == 2);
        Assert.Equal((1, CacheOutcome.L1Hit), await Whole());
        Assert.Equal((0, CacheOutcome.L1Hit), await One());

        Task<(int Value, CacheOutcome Outcome)> Whole() => ReadAsync(db => db.Versions.Cacheable(o => o.UntilExpired()).CountAsync());
        Task<(int Value, CacheOutcome Outcome)> One() => ReadAsync(db => db.Versions.Where(v => v.Id == 1).Select(v => v.Number).Cacheable(o => o.UntilExpired()).SingleAsync());
    }

    [Fact]
    public async Task The_same_query_with_another_strategy_is_another_entry_and_without_one_it_is_refused()
    {
        await using var db = Context();
        string Key(Action<CacheableOptionsBuilder> options) => Line(db.Sales.Where(s => s.Region == "north").Cacheable(options).ToCacheExplainString(), "key id");
        var versioned = Key(o => o.DependsOnlyOn<SalesVersion>());
        var timed = Key(o => o.UntilExpired());
        Assert.NotEqual(versioned, timed);
        Assert.Equal(versioned, Key(o => o.DependsOnlyOn<SalesVersion>().Ttl(TimeSpan.FromHours(1))));

        Assert.Contains("no (not-captured", db.Sales.Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("depends on: only what is declared", db.Sales.Cacheable(o => o.DependsOnlyOn<SalesVersion>()).ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("depends on: nothing", db.Sales.Cacheable(o => o.UntilExpired()).ToCacheExplainString(), StringComparison.Ordinal);

        // A captured table may be ignored too, and is not confused with the query that heeds it.
        string Captured(Action<CacheableOptionsBuilder> options) => Line(db.Versions.Cacheable(options).ToCacheExplainString(), "key id");
        Assert.NotEqual(Captured(o => o.UntilExpired()), Captured(o => o.Named("x")));
    }

    [Fact]
    public async Task What_ignoring_changes_cannot_excuse_is_refused_as_ever()
    {
        await using var db = Context();
        Assert.Contains("no (split-query", db.Sales.Include(s => s.Lines).AsSplitQuery().Cacheable(o => o.UntilExpired()).ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("no (volatile-function", db.Sales.Where(s => EF.Functions.Random() > 2).Cacheable(o => o.UntilExpired()).ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("no (user-scope", db.Sales.Cacheable(o => o.UntilExpired().PerUser()).ToCacheExplainString(), StringComparison.Ordinal);
    }

    [Fact]
    [Feature("S9.1-do-invalidate-all-related")]
    public async Task A_node_that_starts_says_which_tables_have_no_capture_and_queries_over_the_others_need_no_call_to_be_invalidated()
    {
        var said = _host!.Services.GetFakeLogCollector().GetSnapshot().Single(r => r.Id.Id == FraiseQLStateEventId.TablesNotCaptured).Message;
        Assert.Contains("SaleLine, Sales", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Versions", said, StringComparison.Ordinal);
        var before = (await ReadAsync(db => db.Unrelated.Cacheable().CountAsync())).Value;
        await ExecuteAsync("INSERT INTO \"Unrelated\" (\"Id\") VALUES (77)");
        await Eventually.Until(async () => (await ReadAsync(db => db.Unrelated.Cacheable().CountAsync())).Value == before + 1);
    }

    [Fact]
    public async Task A_fact_table_with_row_level_security_is_not_shared_between_sessions()
    {
        await ExecuteAsync("ALTER TABLE \"Sales\" ENABLE ROW LEVEL SECURITY");

        // A node that starts now reads the catalog now.
        using var host = CreateHost();
        await host.StartAsync();
        await using var db = host.Services.GetRequiredService<IDbContextFactory<SalesContext>>().CreateDbContext();
        await Eventually.Until(async () =>
        {
            await db.Unrelated.Cacheable().CountAsync();
            return db.Database.GetCacheOutcome() != CacheOutcome.Bypass;
        });
        for (var i = 0; i < 2; i++)
        {
            await db.Sales.Cacheable(o => o.UntilExpired()).CountAsync();
            Assert.Equal(CacheOutcome.Bypass, db.Database.GetCacheOutcome());
        }

        await host.StopAsync();
    }

    private static string Line(string explain, string name)
        => explain.Split('\n').Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Trim();

    private IHost CreateHost()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging();
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddDbContextFactory<SalesContext>(o => o.UseNpgsql(_connectionString).UseFraiseQLState());
        builder.Services.AddFraiseQLState<SalesContext>();
        return builder.Build();
    }

    private SalesContext Context() => _host!.Services.GetRequiredService<IDbContextFactory<SalesContext>>().CreateDbContext();

    private async Task<(T Value, CacheOutcome Outcome)> ReadAsync<T>(Func<SalesContext, Task<T>> query)
    {
        await using var db = Context();
        var value = await query(db);
        return (value, db.Database.GetCacheOutcome());
    }

    private Task ExecuteAsync(string sql) => Seed.ExecuteAsync(_connectionString, sql);

    public sealed class SalesContext(DbContextOptions<SalesContext> options) : DbContext(options)
    {
        public DbSet<Sale> Sales => Set<Sale>();

        public DbSet<SalesVersion> Versions => Set<SalesVersion>();

        public DbSet<Unrelated> Unrelated => Set<Unrelated>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Sale>().IgnoreChangeEvents().Property(s => s.Id).ValueGeneratedNever();
            modelBuilder.Entity<SaleLine>().IgnoreChangeEvents();
        }
    }

    public sealed class Sale
    {
        public int Id { get; set; }

        public string Region { get; set; } = "";

        public int Amount { get; set; }

        public List<SaleLine> Lines { get; } = [];
    }

    public sealed class SaleLine
    {
        public int Id { get; set; }

        public int SaleId { get; set; }
    }

    public sealed class SalesVersion
    {
        public int Id { get; set; }

        public int Number { get; set; }
    }

    public sealed class Unrelated
    {
        public int Id { get; set; }

        public string? Note { get; set; }
    }
}
