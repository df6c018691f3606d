using FraiseQL.EfCore.State.PostgresTests.Dispatch;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Refresh;

/// <summary>Materialised views: refreshed after changes of their sources by any program, once for the cluster, and invalidated on every node.</summary>
[Feature("S1.1-l3-matviews")]
public sealed class MaterializedViewTests : IAsyncLifetime
{
    private const string Stats = "public.mv_post_stats";

    private readonly List<IHost> _hosts = [];
    private string _connectionString = "";

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await using (var db = Context(_connectionString))
        {
            await db.Database.EnsureCreatedAsync();
        }

        await ExecuteAsync(
            """
            CREATE MATERIALIZED VIEW mv_post_stats AS SELECT "AuthorId", count(*)::int AS "Posts" FROM "Posts" GROUP BY 1;
            CREATE UNIQUE INDEX ON mv_post_stats ("AuthorId");
            """);
    }

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    [Fact]
    public async Task A_change_of_a_source_refreshes_the_view_once_and_ends_what_both_nodes_have_cached()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        await Eventually.Until(async () => await CountAsync(Refreshes) > 0);
        await Eventually.Until(async () => (await Posts(a)).Outcome == CacheOutcome.L1Hit);
        await Eventually.Until(async () => (await Posts(b)).Outcome == CacheOutcome.L1Hit);
        Assert.Equal((0, 0), ((await Posts(a)).Value, (await Posts(b)).Value));

        const int Writes = 60;
        var before = await CountAsync(Refreshes);
        for (var i = 1; i <= Writes; i++)
        {
            await ExecuteAsync($"INSERT INTO \"Posts\" (\"AuthorId\") VALUES ({i % 3})");
        }

        await Eventually.Until(async () => (await Posts(a)).Value == Writes && (await Posts(b)).Value == Writes);
        await Eventually.Until(async () => await Posts(a) == (Writes, CacheOutcome.L1Hit) && await Posts(b) == (Writes, CacheOutcome.L1Hit));

        // One for many, on one of the nodes.
        Assert.InRange(await CountAsync(Refreshes) - before, 1, Writes / 2);

        // What is no source of it refreshes nothing.
        before = await CountAsync(Refreshes);
        await ExecuteAsync("INSERT INTO \"Authors\" (\"Name\") VALUES ('x')");
        await Eventually.Until(async () => (await ReadAsync(a, db => db.Authors.Cacheable().CountAsync())).Value == 1);
        Assert.Equal((Writes, CacheOutcome.L1Hit), await Posts(a));
        Assert.Equal(before, await CountAsync(Refreshes));
    }

    [Fact]
    public async Task What_changed_while_no_node_ran_is_refreshed_by_the_next_one_also_without_an_index()
    {
        await ExecuteAsync("DROP INDEX \"mv_post_stats_AuthorId_idx\"");
        var a = await StartAsync();
        await Eventually.Until(async () => await CountAsync(Refreshes) > 0);
        await a.StopAsync();
        await ExecuteAsync("INSERT INTO \"Posts\" (\"AuthorId\") VALUES (1)");
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM mv_post_stats"));
        await StartAsync();
        await Eventually.Until(async () => await CountAsync("SELECT count(*) FROM mv_post_stats") == 1);
    }

    [Fact]
    public async Task Two_nodes_refresh_under_load_until_the_view_is_right()
    {
        await StartAsync();
        await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async n =>
        {
            for (var i = 0; i < 25; i++)
            {
                await ExecuteAsync($"INSERT INTO \"Posts\" (\"AuthorId\") VALUES ({n})");
                await ExecuteAsync($"DELETE FROM \"Posts\" WHERE \"Id\" = (SELECT max(\"Id\") FROM \"Posts\" WHERE \"AuthorId\" = {n} HAVING count(*) > 5)");
            }
        }));
        await Eventually.Until(async () => await CountAsync(
            "SELECT count(*) FROM (SELECT \"AuthorId\", count(*)::int FROM \"Posts\" GROUP BY 1 EXCEPT SELECT * FROM mv_post_stats) d") == 0);
    }

    [Fact]
    public async Task A_view_that_is_missing_or_may_not_be_refreshed_is_said_and_the_node_goes_on()
    {
        await ExecuteAsync("DROP MATERIALIZED VIEW mv_post_stats");
        var node = await StartAsync();
        var logs = node.Services.GetFakeLogCollector();
        await Eventually.Until(() => logs.GetSnapshot().Any(r => r.Id.Id == FraiseQLStateEventId.ViewNotRefreshed && r.Message.Contains(Stats, StringComparison.Ordinal)));
        await Eventually.Until(async () => (await ReadAsync(node, db => db.Authors.Cacheable().CountAsync())).Outcome == CacheOutcome.L1Hit);
    }

    [Fact]
    public async Task Without_a_listener_and_without_RefreshOn_the_database_is_read()
    {
        await using var alone = Context(_connectionString);
        for (var i = 0; i < 2; i++)
        {
            await alone.Stats.Cacheable().SumAsync(s => s.Posts);
            Assert.Equal(CacheOutcome.Bypass, alone.Database.GetCacheOutcome());
        }
    }

    [Fact]
    public void What_cannot_be_refreshed_is_refused_with_the_remedy()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModelBuilder().Entity<PostStats>().RefreshOn<Post>(TimeSpan.Zero));
    }

    private static string Refreshes => $"SELECT count(*) FROM fraiseql.change_event WHERE relation = '{Stats}'";

    private static Task<(int Value, CacheOutcome Outcome)> Posts(IHost node) => ReadAsync(node, db => db.Stats.Cacheable(TimeSpan.FromHours(1)).SumAsync(s => s.Posts));

    private static async Task<(T Value, CacheOutcome Outcome)> ReadAsync<T>(IHost node, Func<BlogStats, Task<T>> query)
    {
        await using var db = node.Services.GetRequiredService<IDbContextFactory<BlogStats>>().CreateDbContext();
        var value = await query(db);
        return (value, db.Database.GetCacheOutcome());
    }

    private static BlogStats Context(string connectionString)
        => new(new DbContextOptionsBuilder<BlogStats>().UseNpgsql(connectionString).UseFraiseQLState().Options);

    private async Task<IHost> StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging();
        builder.Services.AddDbContextFactory<BlogStats>(o => o.UseNpgsql(_connectionString).UseFraiseQLState());
        builder.Services.AddFraiseQLState<BlogStats>();
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }

    private Task ExecuteAsync(string sql) => HandlerTests.ExecuteAsync(_connectionString, sql);

    private Task<long> CountAsync(string sql) => HandlerTests.CountAsync(_connectionString, sql);

    public sealed class BlogStats(DbContextOptions<BlogStats> options) : DbContext(options)
    {
        public DbSet<Post> Posts => Set<Post>();

        public DbSet<Author> Authors => Set<Author>();

        public DbSet<PostStats> Stats => Set<PostStats>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
            => modelBuilder.Entity<PostStats>().HasNoKey().ToView("mv_post_stats").RefreshOn<Post>(TimeSpan.FromMilliseconds(200));
    }

    public sealed class Post
    {
        public int Id { get; set; }

        public int AuthorId { get; set; }
    }

    public sealed class Author
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    public sealed class PostStats
    {
        public int AuthorId { get; set; }

        public int Posts { get; set; }
    }
}
