using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary><c>UseFraiseQLState()</c> and nothing else: memory only, this process's writes invalidate.</summary>
public sealed class AloneTests : IAsyncLifetime
{
    private readonly CommandCounter _commands = new();
    private DbContextOptions _options = null!;

    public async Task InitializeAsync()
    {
        var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        _options = Options(o => o.UseNpgsql(connectionString).UseFraiseQLState());
        await using var db = Context();
        await db.Database.EnsureCreatedAsync();
        db.Authors.AddRange(new Author { Name = "Ada" }, new Author { Name = "Ben" });
        await db.SaveChangesAsync();
        for (var i = 1; i <= 6; i++)
        {
            db.Posts.Add(new Post { Title = $"Post {i}", AuthorId = 1 + (i % 2), Views = i, PublishedAt = new DateTime(2026, 1, i, 0, 0, 0, DateTimeKind.Utc) });
        }

        await db.SaveChangesAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    [Feature("P-use-state")]
    [Feature("P-cacheable")]
    [Feature("S0-query-result-caching")]
    public async Task A_second_read_opens_no_connection_and_gives_the_same_rows()
    {
        var first = await Posts(1);
        var opened = _commands.Connections.Opened;
        var readers = _commands.Readers;
        var second = await Posts(1);
        Assert.Equal(CacheOutcome.Miss, first.Outcome);
        Assert.Equal(CacheOutcome.L1Hit, second.Outcome);
        Assert.Equal(first.Titles, second.Titles);
        Assert.Equal(opened, _commands.Connections.Opened);
        Assert.Equal(readers, _commands.Readers);
    }

    [Fact]
    public void A_synchronous_read_hits_too()
    {
        using var db = Context();
        var one = db.Posts.OrderBy(p => p.Id).Cacheable(TimeSpan.FromMinutes(1)).First();
        Assert.Equal(CacheOutcome.Miss, db.Database.GetCacheOutcome());
        db.ChangeTracker.Clear();
        var two = db.Posts.OrderBy(p => p.Id).Cacheable(TimeSpan.FromMinutes(1)).First();
        Assert.Equal(CacheOutcome.L1Hit, db.Database.GetCacheOutcome());
        Assert.Equal((one.Id, one.Title, one.PublishedAt, one.Rating), (two.Id, two.Title, two.PublishedAt, two.Rating));
        Assert.Equal(DateTimeKind.Utc, two.PublishedAt.Kind);
    }

    [Fact]
    public async Task Own_writes_are_seen_at_once()
    {
        await Posts(1);
        await Posts(2);
        await using (var db = Context())
        {
            var post = await db.Posts.FirstAsync(p => p.AuthorId == 1);
            post.Title = "changed";
            await db.SaveChangesAsync();
        }

        var read = await Posts(1);
        Assert.Equal(CacheOutcome.Miss, read.Outcome);
        Assert.Contains("changed", read.Titles);
    }

    [Fact]
    [Feature("S1.4-after-write")]
    public async Task A_rollback_invalidates_nothing_and_a_commit_does()
    {
        await Posts(1);
        await using (var db = Context())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "never"));
            await transaction.RollbackAsync();
        }

        Assert.Equal(CacheOutcome.L1Hit, (await Posts(1)).Outcome);
        await using (var db = Context())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "now"));
            Assert.Equal(CacheOutcome.L1Hit, (await Posts(1)).Outcome);
            await transaction.CommitAsync();
        }

        var read = await Posts(1);
        Assert.Equal(CacheOutcome.Miss, read.Outcome);
        Assert.All(read.Titles, t => Assert.Equal("now", t));
    }

    [Fact]
    [Feature("U-45-transactions")]
    public async Task Within_a_transaction_the_database_is_asked_and_nothing_is_cached()
    {
        await Posts(1);
        await using var db = Context();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.Posts.ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "uncommitted"));
        var inside = await db.Posts.Where(p => p.AuthorId == 1).Select(p => p.Title).Cacheable().ToListAsync();
        Assert.Equal(CacheOutcome.Bypass, db.Database.GetCacheOutcome());
        Assert.All(inside, t => Assert.Equal("uncommitted", t));
        await transaction.RollbackAsync();
        Assert.DoesNotContain("uncommitted", (await Posts(1)).Titles);
    }

    [Fact]
    public async Task The_ttl_is_a_parameter_and_not_part_of_the_query()
    {
        await using var db = Context();
        foreach (var minutes in (int[])[1, 2, 3])
        {
            await db.Posts.Where(p => p.Id == 4).AsNoTracking().Cacheable(TimeSpan.FromMinutes(minutes)).SingleAsync();
        }

        Assert.Equal(CacheOutcome.L1Hit, db.Database.GetCacheOutcome());
    }

    private BlogContext Context() => new(_options);

    private DbContextOptions Options(Action<DbContextOptionsBuilder> configure)
    {
        var builder = new DbContextOptionsBuilder<BlogContext>();
        builder.AddInterceptors(_commands, _commands.Connections);
        configure(builder);
        return builder.Options;
    }

    private async Task<(List<string> Titles, CacheOutcome Outcome)> Posts(int author)
    {
        await using var db = Context();
        var titles = await db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title).Cacheable(TimeSpan.FromMinutes(5)).ToListAsync();
        return (titles, db.Database.GetCacheOutcome());
    }
}
