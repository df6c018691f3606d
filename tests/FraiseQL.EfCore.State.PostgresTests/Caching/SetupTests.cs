using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Every way to configure a context leads to a cached query.</summary>
public sealed class SetupTests : BlogDatabaseTests
{
    [Fact]
    [Feature("P-use-state")]
    public async Task It_works_before_and_after_UseNpgsql_and_twice()
    {
        await HitsAsync(() => Context(o => o.UseFraiseQLState().UseNpgsql(ConnectionString)));
        await HitsAsync(() => Context(o => o.UseNpgsql(ConnectionString).UseFraiseQLState().UseFraiseQLState()));
        await HitsAsync(() => Context(o => ((DbContextOptionsBuilder<BlogContext>)o).UseFraiseQLState().UseNpgsql(ConnectionString)));
    }

    [Fact]
    [Feature("P-use-state")]
    public async Task It_works_in_OnConfiguring() => await HitsAsync(() => new SelfConfiguredContext(ConnectionString));

    [Fact]
    [Feature("P-use-state")]
    public async Task It_works_with_a_pool_a_factory_and_a_scope()
    {
        await using var pooled = new ServiceCollection().AddDbContextPool<BlogContext>(Configure).BuildServiceProvider();
        await HitsAsync(() => pooled.CreateScope().ServiceProvider.GetRequiredService<BlogContext>());
        await using var factory = new ServiceCollection().AddPooledDbContextFactory<BlogContext>(Configure).BuildServiceProvider();
        await HitsAsync(() => factory.GetRequiredService<IDbContextFactory<BlogContext>>().CreateDbContext());
        await using var scoped = new ServiceCollection().AddDbContext<BlogContext>(Configure).BuildServiceProvider();
        await HitsAsync(() => scoped.CreateScope().ServiceProvider.GetRequiredService<BlogContext>());
    }

    [Fact]
    public async Task A_pooled_context_forgets_the_outcome_of_its_last_user()
    {
        await using var pooled = new ServiceCollection().AddDbContextPool<BlogContext>(Configure, poolSize: 1).BuildServiceProvider();
        using (var first = pooled.CreateScope())
        {
            var db = first.ServiceProvider.GetRequiredService<BlogContext>();
            await db.Posts.Cacheable().CountAsync();
            Assert.NotEqual(CacheOutcome.None, db.Database.GetCacheOutcome());
        }

        using var second = pooled.CreateScope();
        Assert.Equal(CacheOutcome.None, second.ServiceProvider.GetRequiredService<BlogContext>().Database.GetCacheOutcome());
    }

    [Fact]
    public async Task It_works_with_a_retrying_execution_strategy()
        => await HitsAsync(() => Context(o => o.UseNpgsql(ConnectionString, n => n.EnableRetryOnFailure()).UseFraiseQLState()));

    [Fact]
    public async Task It_works_with_an_internal_service_provider_that_has_its_services()
    {
        await using var services = new ServiceCollection().AddEntityFrameworkFraiseQLState().BuildServiceProvider();
        await HitsAsync(() => Context(o => o.UseNpgsql(ConnectionString).UseFraiseQLState().UseInternalServiceProvider(services)));
    }

    [Fact]
    [Feature("U-42-fail-loud")]
    public async Task An_internal_service_provider_without_its_services_is_refused()
    {
        await using var services = new ServiceCollection().AddEntityFrameworkNpgsql().BuildServiceProvider();
        var error = Assert.Throws<InvalidOperationException>(
            () => Context(o => o.UseNpgsql(ConnectionString).UseFraiseQLState().UseInternalServiceProvider(services)));
        Assert.Contains("AddEntityFrameworkFraiseQLState()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-42-fail-loud")]
    public void A_replaced_service_that_would_switch_it_off_is_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(
            () => Context(o => o.UseNpgsql(ConnectionString).UseFraiseQLState().ReplaceService<IRelationalCommandBuilderFactory, RelationalCommandBuilderFactory>()));
        Assert.Contains(nameof(IRelationalCommandBuilderFactory), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-42-fail-loud")]
    public void A_replaced_service_that_migrations_need_is_refused()
    {
        var generator = Assert.Throws<InvalidOperationException>(
            () => Context(o => o.UseNpgsql(ConnectionString).UseFraiseQLState().ReplaceService<IMigrationsSqlGenerator, MigrationsSqlGenerator>()));
        Assert.Equal(StateStrings.ReplacedService(nameof(IMigrationsSqlGenerator)), generator.Message);
        var annotations = Assert.Throws<InvalidOperationException>(
            () => Context(o => o.UseNpgsql(ConnectionString).UseFraiseQLState().ReplaceService<IRelationalAnnotationProvider, RelationalAnnotationProvider>()));
        Assert.Equal(StateStrings.ReplacedService(nameof(IRelationalAnnotationProvider)), annotations.Message);
    }

    [Fact]
    [Feature("B-11-compiled")]
    public async Task A_compiled_query_hits()
    {
        var query = EF.CompileAsyncQuery((BlogContext db, int author, TimeSpan ttl) => db.Posts.Where(p => p.AuthorId == author).AsNoTracking().Cacheable(ttl));
        var titles = new List<string>();
        foreach (var expected in (CacheOutcome[])[CacheOutcome.Miss, CacheOutcome.L1Hit])
        {
            await using var db = Context(Configure);
            var read = new List<string>();
            await foreach (var post in query(db, 2, TimeSpan.FromMinutes(1)))
            {
                read.Add(post.Title);
            }

            Assert.Equal(expected, db.Database.GetCacheOutcome());
            Assert.True(titles.Count == 0 || titles.SequenceEqual(read));
            titles = read;
        }
    }

    [Fact]
    public async Task A_split_query_is_cached_as_a_whole()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Eventually.Until(
            async () =>
            {
                var (authors, outcome) = await node.ReadAsync(db => db.Authors.Include(a => a.Posts).AsSplitQuery().Cacheable().ToListAsync());
                Assert.Equal(4, authors.Count);
                return outcome == CacheOutcome.L1Hit;
            },
            TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_result_over_the_cap_is_streamed_whole_and_not_cached()
    {
        await using var node = await Node.StartAsync(ConnectionString, configure: o => o.Cache.MaxRows = 5);
        for (var i = 0; i < 2; i++)
        {
            var (posts, outcome) = await node.ReadAsync(db => db.Posts.OrderBy(p => p.Id).AsNoTracking().Cacheable().ToListAsync());
            Assert.Equal(12, posts.Count);
            Assert.Equal(12, posts.Select(p => p.Title).Distinct().Count());
            Assert.Equal(CacheOutcome.Bypass, outcome);
        }

        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => db.Posts.OrderBy(p => p.Id).Take(5).Cacheable().ToListAsync())).Outcome);
    }

    [Fact]
    public async Task A_tracking_query_tracks_its_cached_rows_and_edits_do_not_reach_the_cache()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        for (var i = 0; i < 3; i++)
        {
            await using var db = node.CreateContext();
            var author = await db.Authors.Include(a => a.Posts).Cacheable().SingleAsync(a => a.Id == 2);
            Assert.Equal(4, author.Posts.Count);
            Assert.Equal(5, db.ChangeTracker.Entries().Count());
            Assert.All(author.Posts, p => Assert.Same(author, p.Author));
            Assert.DoesNotContain(author.Posts, p => p.Title == "edited");
            author.Posts[0].Title = "edited";
            Assert.Equal(i == 0 ? CacheOutcome.Miss : CacheOutcome.L1Hit, db.Database.GetCacheOutcome());
        }
    }

    private static async Task HitsAsync(Func<BlogContext> create)
    {
        // A query of its own for each call: the process-wide cache of contexts without a listener outlives one test.
        var unique = "x" + Guid.NewGuid().ToString("N");
        foreach (var expected in (CacheOutcome[])[CacheOutcome.Miss, CacheOutcome.L1Hit])
        {
            await using var db = create();
            var posts = await db.Posts.Where(p => p.AuthorId == 1 && p.Title != unique).AsNoTracking().Cacheable().ToListAsync();
            Assert.Equal(4, posts.Count);
            Assert.Equal(expected, db.Database.GetCacheOutcome());
        }
    }

    private static BlogContext Context(Action<DbContextOptionsBuilder> configure)
    {
        var builder = new DbContextOptionsBuilder<BlogContext>();
        configure(builder);
        return new BlogContext(builder.Options);
    }

    private void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(ConnectionString).UseFraiseQLState();

    private sealed class SelfConfiguredContext(string connectionString) : BlogContext(new DbContextOptionsBuilder<SelfConfiguredContext>().Options)
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseFraiseQLState().UseNpgsql(connectionString);
    }
}
