using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>How far an invalidation goes, in which steps, and how soon it is looked for.</summary>
public sealed class InvalidationOptionsTests
{
    [Theory]
    [InlineData(InvalidationStrategy.Cascade, true, true)]
    [InlineData(InvalidationStrategy.Entity, true, false)]
    [InlineData(InvalidationStrategy.None, false, false)]
    [Feature("S8.1-strategy")]
    public async Task The_strategy_says_which_changes_end_a_result(InvalidationStrategy strategy, bool mainEnds, bool otherEnds)
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database, configure: o => o.Cache.Invalidation.Strategy = strategy);
        await node.ReadAsync(Read);
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(Read)).Outcome);

        await Seed.ExecuteAsync(database, """update "Authors" set "Name" = "Name" || '!'""");
        await CaughtUp.AllAsync(database, node);
        Assert.Equal(otherEnds ? CacheOutcome.Miss : CacheOutcome.L1Hit, (await node.ReadAsync(Read)).Outcome);

        await Seed.ExecuteAsync(database, """update "Posts" set "Title" = "Title" || '!'""");
        await CaughtUp.AllAsync(database, node);
        Assert.Equal(mainEnds ? CacheOutcome.Miss : CacheOutcome.L1Hit, (await node.ReadAsync(Read)).Outcome);

        // A query may say more than the configuration, and a level is a promise.
        await node.ReadAsync(ReadExactly);
        await Seed.ExecuteAsync(database, """update "Authors" set "Name" = "Name" || '!'""");
        await CaughtUp.AllAsync(database, node);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(ReadExactly)).Outcome);
        Assert.Equal(
            strategy == InvalidationStrategy.Cascade ? 0 : 1,
            node.Logs.GetSnapshot().Count(r => r.Level == LogLevel.Warning && r.Id.Id == FraiseQLStateEventId.InvalidationRelaxed));
        await using var db = node.CreateContext();
        Assert.Equal(
            strategy != InvalidationStrategy.Cascade,
            db.Posts.Include(p => p.Author).Cacheable().ToCacheExplainString().Contains("invalidation: ", StringComparison.Ordinal));
    }

    [Fact]
    [Feature("S8.1-strategy")]
    public async Task Split_queries_levels_and_sql_of_the_application_are_never_relaxed()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database, configure: o => o.Cache.Invalidation.Strategy = InvalidationStrategy.None);

        // Where another transaction of the server came between its commands, the first one's rows are kept only when the node has polled.
        await Eventually.Until(async () => (await node.ReadAsync(Split)).Outcome == CacheOutcome.L1Hit);
        await node.ReadAsync(Strict);
        Assert.Equal(CacheOutcome.Bypass, (await node.ReadAsync(Sql)).Outcome);
        await Seed.ExecuteAsync(database, """update "Comments" set "Text" = "Text" || '!'""");
        await CaughtUp.AllAsync(database, node);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(Split)).Outcome);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(Strict)).Outcome);

        static Task<List<Post>> Split(BlogContext db) => db.Posts.Include(p => p.Comments).AsSplitQuery().Cacheable().ToListAsync();
        static Task<int> Strict(BlogContext db) => db.Comments.Where(c => c.Text != "").Cacheable(o => o.Strict()).CountAsync();
        static Task<List<int>> Sql(BlogContext db) => db.Database.SqlQuery<int>($"""select count(*)::int as "Value" from generate_series(1, 3)""").Cacheable().ToListAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    [Feature("S8.1-batch")]
    public async Task Changes_come_in_batches_of_at_most_that_size_and_none_is_left_out(int size)
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var reader = new EventLogReader(connection, size);
        var batches = new List<int>();
        var (_, count) = await reader.StreamAsync(
            PgSnapshot.Beginning, null, 0, withRows: false, (_, changes) => batches.Add(changes.Count), CancellationToken.None);
        Assert.Equal(count, batches.Sum());
        Assert.All(batches, batch => Assert.InRange(batch, 1, size));
        Assert.All(batches.SkipLast(1), batch => Assert.Equal(size, batch));

        // And so for a node: every one of its steps ends what depends on it.
        await using var node = await Node.StartAsync(database, configure: o => o.Cache.Invalidation.BatchSize = size);
        await node.ReadAsync(Read);
        await Seed.ExecuteAsync(database, """update "Posts" set "Title" = "Title" || '!'""");
        await CaughtUp.AllAsync(database, node);
        Assert.All((await node.ReadAsync(Read)).Value, post => Assert.EndsWith("!", post.Title, StringComparison.Ordinal));
    }

    [Fact]
    [Feature("S8.1-delay")]
    public async Task Notifications_are_gathered_for_the_delay_and_no_longer_when_this_process_waits()
    {
        var time = new FakeTimeProvider();
        using var ring = new WakeSignal();
        await using var connection = new NpgsqlConnection();
        using var doorbell = new Doorbell(connection, ring);

        var gathering = doorbell.GatherAsync(TimeSpan.FromSeconds(1), time, CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(gathering.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));
        await gathering.WaitAsync(TimeSpan.FromSeconds(30));

        gathering = doorbell.GatherAsync(TimeSpan.FromSeconds(1), time, CancellationToken.None);
        ring.Ring();
        await gathering.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    [Feature("S8.1-delay")]
    public async Task With_a_delay_own_writes_are_seen_at_once_and_those_of_others_after_it()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database, configure: o => o.Cache.Invalidation.Delay = TimeSpan.FromSeconds(1));
        await node.ReadAsync(Read);
        await node.WriteAsync(async db =>
        {
            (await db.Posts.SingleAsync(p => p.Title == "Post 1.1")).Title = "mine";
            await db.SaveChangesAsync();
        });
        Assert.Contains((await node.ReadAsync(Read)).Value, post => post.Title == "mine");

        await Seed.ExecuteAsync(database, """update "Posts" set "Title" = 'theirs' where "Title" = 'mine'""");
        await Eventually.Until(async () => (await node.ReadAsync(Read)).Value.Any(post => post.Title == "theirs"));
    }

    private static Task<List<Post>> Read(BlogContext db) => db.Posts.Include(p => p.Author).Cacheable().ToListAsync();

    private static Task<List<Post>> ReadExactly(BlogContext db)
        => db.Posts.Include(p => p.Author).OrderBy(p => p.Id).Cacheable(o => o.Invalidation(InvalidationStrategy.Cascade)).ToListAsync();
}
