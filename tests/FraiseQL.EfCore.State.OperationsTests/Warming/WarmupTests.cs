using System.Collections.Concurrent;
using FraiseQL.EfCore.State.OperationsTests.Health;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace FraiseQL.EfCore.State.OperationsTests.Warming;

/// <summary>What is read before somebody asks for it.</summary>
public sealed class WarmupTests
{
    [Fact]
    [Feature("S1.5-hit-rate")]
    [Feature("S1.5-preload-list")]
    [Feature("S8.1-warmup")]
    public async Task Warmed_queries_hit_from_the_first_request_on()
    {
        using var durations = new MetricCollector<double>(null, FraiseQLStateDiagnostics.MeterName, "fraiseql.cache.warmup.duration");
        var name = $"trending {Guid.NewGuid():n}";
        await using var node = await StartAsync(state => state
            .AddWarmup(name, (BlogContext db) => Trending(db))
            .AddWarmup("comments", (BlogContext db, CancellationToken token) => db.Comments.Cacheable().CountAsync(token))
            .AddWarmup("both", async (BlogContext db, CancellationToken token) =>
            {
                await db.Tags.Cacheable().ToListAsync(token);
                await db.Posts.Include(p => p.Comments).AsSplitQuery().Cacheable().ToListAsync(token);
            }));
        await EndedAsync(node);
        Assert.All(StatusOf(node).Queries, query => Assert.Equal((WarmupState.Done, CacheOutcome.Miss, 1), (query.State, query.Source, query.Runs)));

        var read = node.Commands.Readers;
        for (var request = 0; request < 5; request++)
        {
            Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => Trending(db).ToListAsync())).Outcome);
            Assert.Equal((12, CacheOutcome.L1Hit), await node.ReadAsync(db => db.Comments.Cacheable().CountAsync()));
            Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => db.Tags.Cacheable().ToListAsync())).Outcome);
            Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => db.Posts.Include(p => p.Comments).AsSplitQuery().Cacheable().ToListAsync())).Outcome);
        }

        Assert.Equal(read, node.Commands.Readers);
        var measured = Assert.Single(durations.GetMeasurementSnapshot(), m => Equals(m.Tags["fraiseql.cache.query"], name));
        Assert.Equal("done", measured.Tags["fraiseql.cache.warmup.result"]);
        Assert.Contains(node.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.Warmed && r.Message.Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    [Feature("S8.1-warmup")]
    public async Task Without_warming_at_the_start_nothing_runs_until_it_is_asked_for()
    {
        await using var node = await StartAsync(
            state => state.AddWarmup("GetTrendingPosts", (BlogContext db) => Trending(db)).AddWarmup("authors", (BlogContext db) => db.Authors.Cacheable()),
            o => o.Cache.WarmupOnStartup = false);
        Assert.True(StatusOf(node).IsEnded);
        Assert.All(StatusOf(node).Queries, query => Assert.Equal(WarmupState.Pending, query.State));

        var cache = node.Services.GetRequiredService<IStateCache>();
        var warmed = Assert.Single(await cache.PreloadAsync("GetTrendingPosts"));
        Assert.Equal(("GetTrendingPosts", WarmupState.Done), (warmed.Name, warmed.State));
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => Trending(db).ToListAsync())).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, Assert.Single(await cache.PreloadAsync("GetTrendingPosts")).Source);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => cache.PreloadAsync("GetTrending"));
        Assert.Contains("\"GetTrending\". Known are GetTrendingPosts, authors;", error.Message, StringComparison.Ordinal);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => cache.PreloadAsync(["authors"], cancelled.Token));
    }

    [Fact]
    [Feature("S1.5-on-startup")]
    public async Task Code_of_the_application_runs_when_the_host_starts()
    {
        var ran = new ConcurrentQueue<(int Authors, bool HasCache)>();
        await using var node = await StartAsync(state => state.OnStartup<BlogContext>(async (db, cache, token) =>
            ran.Enqueue((await db.Authors.CountAsync(token), cache is not null))));
        await EndedAsync(node);
        Assert.Equal((4, true), Assert.Single(ran));
        Assert.Equal(("startup 1", WarmupState.Done), (StatusOf(node).Queries[0].Name, StatusOf(node).Queries[0].State));
    }

    [Fact]
    [Feature("S1.5-startup-cost")]
    public async Task A_warm_up_that_hangs_is_ended_at_its_time_and_one_that_fails_is_told()
    {
        var never = new TaskCompletionSource();
        await using var node = await StartAsync(
            state => state
                .OnStartup<BlogContext>((_, _, _) => never.Task)
                .OnStartup<BlogContext>((_, _, token) => Task.Delay(Timeout.Infinite, token))
                .AddWarmup("broken", (BlogContext _) => Broken())
                .AddWarmup("unmarked", (BlogContext db) => db.Posts),
            o => (o.Cache.Warmup.Timeout, o.Cache.Warmup.Parallelism) = (TimeSpan.FromSeconds(2), 4));

        // The host has started, and goes on.
        await EndedAsync(node);
        Assert.Equal(
            [WarmupState.TimedOut, WarmupState.TimedOut, WarmupState.Failed, WarmupState.NotCached], StatusOf(node).Queries.Select(query => query.State));
        Assert.Equal("System.InvalidOperationException", StatusOf(node).Queries[2].ErrorType);
        foreach (var id in (int[])[FraiseQLStateEventId.WarmupTimedOut, FraiseQLStateEventId.WarmupFailed, FraiseQLStateEventId.WarmupNotCached])
        {
            Assert.Contains(node.Logs.GetSnapshot(), record => record.Id.Id == id);
        }

        never.SetResult();
        Assert.Equal(12, (await node.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Value);

        static IQueryable<Post> Broken() => throw new InvalidOperationException("mistaken");
    }

    [Fact]
    [Feature("S1.5-no-initial-delay")]
    public async Task Readiness_waits_for_warming_where_that_is_required()
    {
        var gate = new Gate();
        await using var node = await StartAsync(
            state =>
            {
                state.OnStartup<BlogContext>((_, _, _) => gate.PassAsync()).AddWarmup("unmarked", (BlogContext db) => db.Posts);
                state.Services.AddHealthChecks().AddFraiseQLState<BlogContext>();
            },
            o => o.Cache.Warmup.Required = true);
        await gate.Arrived;
        var health = await HealthOf.AskAsync(node, "fraiseql:warmup");
        Assert.Equal((HealthStatus.Unhealthy, false), (health.Status, health.Data["hasEnded"]));
        Assert.Contains("ready", health.Tags);
        Assert.Equal((false, false), (StatusOf(node).IsEnded, StatusOf(node).IsReady));
        Assert.Equal(WarmupState.Running, StatusOf(node).Queries[0].State);
        gate.Open();
        await EndedAsync(node);
        Assert.True(StatusOf(node).IsReady);

        // One that could not be warmed is told, and holds nobody up.
        health = await HealthOf.AskAsync(node, "fraiseql:warmup");
        Assert.Equal((HealthStatus.Degraded, 1, 1), (health.Status, health.Data["done"], health.Data["failed"]));
        Assert.Contains("unmarked", health.Description, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("S1.5-no-initial-delay")]
    public async Task The_start_waits_for_warming_where_that_is_wanted()
    {
        await using var node = await StartAsync(
            state => state.AddWarmup("trending", (BlogContext db) => Trending(db)), o => o.Cache.Warmup.BlockStartup = true, wait: false);
        Assert.True(StatusOf(node).IsEnded);
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => Trending(db).ToListAsync())).Outcome);
    }

    [Fact]
    [Feature("S1.5-db-load")]
    public async Task No_more_warm_ups_run_at_a_time_than_are_allowed()
    {
        var (now, most) = (0, 0);
        await using var node = await StartAsync(
            state =>
            {
                for (var i = 0; i < 12; i++)
                {
                    state.OnStartup<BlogContext>(async (db, _, token) =>
                    {
                        var running = Interlocked.Increment(ref now);
                        InterlockedMax(ref most, running);
                        await db.Authors.CountAsync(token);
                        Interlocked.Decrement(ref now);
                    });
                }
            },
            o => o.Cache.Warmup.Parallelism = 3);
        await EndedAsync(node);
        Assert.InRange(most, 1, 3);
        Assert.All(StatusOf(node).Queries, query => Assert.Equal(WarmupState.Done, query.State));
    }

    [Fact]
    [Feature("S1.5-hit-rate")]
    public async Task What_is_kept_warm_is_read_again_when_a_change_has_ended_it()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database, state: state => state
            .AddWarmup("kept", (BlogContext db) => Trending(db), o => o.KeepWarm(TimeSpan.FromMilliseconds(10)))
            .AddWarmup("once", (BlogContext db) => db.Tags.Cacheable()));
        await EndedAsync(node);
        await Seed.ExecuteAsync(database, """update "Posts" set "Views" = "Views" + 1; update "Tags" set "Name" = "Name" || '!'""");
        await CaughtUp.AllAsync(database, node);
        await Eventually.Until(() => StatusOf(node).Queries[0] is { Runs: > 1, State: WarmupState.Done });

        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => Trending(db).ToListAsync())).Outcome);
        Assert.Equal(1, StatusOf(node).Queries[1].Runs);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => db.Tags.Cacheable().ToListAsync())).Outcome);
    }

    [Fact]
    [Feature("S1.5-hit-rate")]
    public async Task What_is_kept_warm_is_read_again_when_its_time_is_over_also_without_a_listener()
    {
        await using var node = await StartAsync(
            state => state.AddWarmup(
                "short", (BlogContext db) => db.Tags.Cacheable(TimeSpan.FromMilliseconds(100)), o => o.KeepWarm(TimeSpan.FromMilliseconds(10))),
            o => o.Cdc.Enabled = false);
        await Eventually.Until(() => StatusOf(node).Queries[0] is { Runs: > 2, State: WarmupState.Done });
    }

    [Fact]
    public void A_name_is_given_once_and_not_empty()
    {
        var state = new ServiceCollection().AddFraiseQLState<BlogContext>().AddWarmup("tags", (BlogContext db) => db.Tags.Cacheable());
        Assert.Throws<ArgumentException>(() => state.AddWarmup("tags", (BlogContext db, CancellationToken token) => db.Tags.Cacheable().CountAsync(token)));
        Assert.Throws<ArgumentException>(() => state.AddWarmup(" ", (BlogContext db) => db.Tags.Cacheable()));
        Assert.Throws<ArgumentException>(() => state.AddWarmup("other", (DbContext _, CancellationToken _) => Task.CompletedTask).AddWarmup("other", (BlogContext db) => db.Tags));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void Keeping_warm_without_a_pause_is_refused(int milliseconds)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new WarmupQueryOptions().KeepWarm(TimeSpan.FromMilliseconds(milliseconds)));

    private static IQueryable<Post> Trending(BlogContext db) => db.Posts.OrderByDescending(p => p.Views).Take(5).Cacheable();

    private static IWarmupStatus StatusOf(Node node) => node.Services.GetRequiredKeyedService<IWarmupStatus>(typeof(BlogContext));

    private static Task EndedAsync(Node node) => Eventually.Until(() => StatusOf(node).IsEnded);

    private static async Task<Node> StartAsync(Action<FraiseQLStateBuilder> state, Action<FraiseQLStateOptions>? configure = null, bool wait = true)
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        return await Node.StartAsync(database, configure: configure, state: state, wait: wait);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value && Interlocked.CompareExchange(ref most, value, seen) is var now && now != seen; seen = now)
        {
        }
    }
}
