using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PackageTests.Testing;

[Feature("S9.1-do-test-failures")]
public sealed class StateFaultsTests
{
    private static Task<string> Title(BlogContext db) => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().SingleAsync();

    private static Task<List<Author>> Authors(BlogContext db) => db.Authors.OrderBy(a => a.Id).Cacheable().ToListAsync();

    [Theory]
    [InlineData("down")]
    [InlineData("slow")]
    [InlineData("lossy")]
    public async Task A_second_level_that_is_down_slow_or_lossy_costs_hits_and_no_answer_and_is_used_again_afterwards(string fault)
    {
        var (database, redis) = await StartServersAsync();
        StateFaults? faults = null;
        await using var node = await StartAsync(database, redis, f => faults = f);
        await using var other = await StartAsync(database, redis, _ => { });
        await Eventually.Until(() => HitsWhatTheOtherStoredAsync(node, other));

        switch (fault)
        {
            case "down": faults!.SharedLevel.Down(); break;
            case "slow": faults!.SharedLevel.Slow(TimeSpan.FromMinutes(1)); break;
            default: faults!.SharedLevel.LoseEvery(1); break;
        }

        using var probe = CacheProbe.Start<BlogContext>(node.Services);
        Assert.Equal("Post 1.1", (await node.ReadAsync(Title)).Value);
        await other.ReadAsync(Title);
        await node.Services.GetRequiredService<IStateCache>().InvalidateAllAsync();
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(Title)).Outcome);
        Assert.DoesNotContain(CacheOutcome.L2Hit, probe.Lookups.Select(l => l.Outcome));

        faults.SharedLevel.Restore();
        await Eventually.Until(() => HitsWhatTheOtherStoredAsync(node, other));
    }

    [Fact]
    public async Task A_delay_below_the_budget_only_takes_time_on_the_synchronous_path_too()
    {
        var (database, redis) = await StartServersAsync();
        StateFaults? faults = null;
        await using var node = await StartAsync(database, redis, f => faults = f, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(30));
        await using var other = await StartAsync(database, redis, _ => { });
        faults!.SharedLevel.Slow(TimeSpan.FromMilliseconds(20));
        await Eventually.Until(async () =>
        {
            await RenewAsync(node, other);
            await using var db = node.CreateContext();
            _ = db.Authors.OrderBy(a => a.Id).Cacheable().ToList();
            return db.Database.GetCacheOutcome() == CacheOutcome.L2Hit;
        });
    }

    [Fact]
    public async Task A_listener_that_is_cut_off_hears_nothing_serves_nothing_old_and_catches_up_afterwards()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        StateFaults? faults = null;
        await using var node = await StartAsync(database, null, f => faults = f, o => o.Consistency.MaxSilence = TimeSpan.FromSeconds(2));
        await using var changes = await RecordedChanges.StartAsync<BlogContext, Post>(node.Services);
        await node.ReadAsync(Title);
        using var probe = CacheProbe.Start<BlogContext>(node.Services);

        await faults!.CutListenerAsync();
        await Seed.ExecuteAsync(database, "UPDATE \"Posts\" SET \"Title\" = 'While cut' WHERE \"Id\" = 1");
        await Assert.ThrowsAsync<TimeoutException>(() => node.Services.WaitUntilCaughtUpAsync<BlogContext>(TimeSpan.FromMilliseconds(50)));
        await Eventually.Until(async () => await node.ReadAsync(Title) is ("While cut", CacheOutcome.Bypass));
        Assert.Equal("silent", probe.Lookups[^1].Reason);
        Assert.Empty(changes.Changes);

        faults.RestoreListener();
        await node.Services.WaitUntilCaughtUpAsync<BlogContext>();
        Assert.Equal("While cut", (await changes.WaitForAsync(c => c.EntityId == "post-1")).Entity!.Title);
        await Eventually.Until(async () => await node.ReadAsync(Title) is ("While cut", CacheOutcome.L1Hit));
    }

    [Fact]
    public async Task Faults_that_have_nothing_to_disturb_say_which_call_is_missing()
    {
        var nothing = new ServiceCollection();
        Assert.Contains("AddFraiseQLState<BlogContext>()", Assert.Throws<InvalidOperationException>(() => nothing.AddFraiseQLStateFaults<BlogContext>(out _)).Message, StringComparison.Ordinal);

        var memoryOnly = new ServiceCollection();
        memoryOnly.AddFraiseQLState<BlogContext>();
        memoryOnly.AddFraiseQLStateFaults<BlogContext>(out var faults);
        Assert.Contains("AddRedis", Assert.Throws<InvalidOperationException>(faults.SharedLevel.Down).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => faults.SharedLevel.LoseEvery(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => faults.SharedLevel.Slow(TimeSpan.FromTicks(-1)));

        memoryOnly.AddFraiseQLState<BlogContext>(configure: o => o.Cdc.Enabled = false);
        await using var services = memoryOnly.BuildServiceProvider();
        Assert.Contains("Cdc:Enabled", (await Assert.ThrowsAsync<InvalidOperationException>(() => services.WaitUntilCaughtUpAsync<BlogContext>())).Message, StringComparison.Ordinal);
    }

    // The write to the shared level goes on behind the answer, so one attempt may come too early.
    private static async Task<bool> HitsWhatTheOtherStoredAsync(Node node, Node other)
    {
        await RenewAsync(node, other);
        return (await node.ReadAsync(Authors)).Outcome == CacheOutcome.L2Hit;
    }

    private static async Task RenewAsync(Node node, Node other)
    {
        await other.WriteAsync(db => db.Database.ExecuteSqlRawAsync("UPDATE \"Authors\" SET \"Name\" = 'renewed' WHERE \"Id\" = 4"));
        await node.Services.WaitUntilCaughtUpAsync<BlogContext>();
        await other.Services.WaitUntilCaughtUpAsync<BlogContext>();
        await other.ReadAsync(Authors);
    }

    private static async Task<(string Database, string Redis)> StartServersAsync()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        return (database, (await RedisServer.SharedAsync()).ConnectionString);
    }

    private static Task<Node> StartAsync(string database, string? redis, Action<StateFaults> keep, Action<FraiseQLStateOptions>? configure = null)
        => Node.StartAsync(database, redis, configure, state: builder =>
        {
            builder.Services.AddFraiseQLStateFaults<BlogContext>(out var faults);
            keep(faults);
        });
}
