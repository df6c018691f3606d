using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PackageTests.Testing;

[Feature("S9.1-do-test-failures")]
public sealed class StateFaultsTests
{
    private static Task<string> Title(BlogContext db) => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().SingleAsync();

    private readonly string _prefix = $"faults:{Guid.NewGuid():n}:";
    private int _author = 1000;

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
        await Eventually.Until(async () => await ReadWhatTheOtherStoredAsync(node, other, redis) == CacheOutcome.L2Hit);

        switch (fault)
        {
            case "down": faults!.SharedLevel.Down(); break;
            case "slow": faults!.SharedLevel.Slow(TimeSpan.FromMinutes(1)); break;
            default: faults!.SharedLevel.LoseEvery(1); break;
        }

        Assert.Equal(("Post 1.1", CacheOutcome.Miss), await node.ReadAsync(Title));
        Assert.Equal(CacheOutcome.Miss, await ReadWhatTheOtherStoredAsync(node, other, redis));
        faults.SharedLevel.Restore();
        await Eventually.Until(async () => await ReadWhatTheOtherStoredAsync(node, other, redis) == CacheOutcome.L2Hit);
    }

    [Fact]
    public async Task A_delay_below_the_budget_only_takes_time_on_the_synchronous_path_too()
    {
        var (database, redis) = await StartServersAsync();
        StateFaults? faults = null;
        await using var node = await StartAsync(database, redis, f => faults = f, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(30));
        await using var other = await StartAsync(database, redis, _ => { });
        faults!.SharedLevel.Slow(TimeSpan.FromMilliseconds(20));
        await Eventually.Until(async () => await ReadWhatTheOtherStoredAsync(node, other, redis) == CacheOutcome.L2Hit);
        await Eventually.Until(async () => await ReadWhatTheOtherStoredAsync(node, other, redis, async: false) == CacheOutcome.L2Hit);
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

    // Each time a result that neither has read before. The write to the shared level goes on behind the answer.
    private async Task<CacheOutcome> ReadWhatTheOtherStoredAsync(Node node, Node other, string redis, bool async = true)
    {
        var author = ++_author;
        var before = await KeysAsync(redis);
        await other.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).Cacheable().CountAsync());
        await Eventually.Until(async () => await KeysAsync(redis) > before);
        return (await node.ReadAsync(db => async
            ? db.Posts.Where(p => p.AuthorId == author).Cacheable().CountAsync()
            : Task.FromResult(db.Posts.Where(p => p.AuthorId == author).Cacheable().Count()))).Outcome;
    }

    private async Task<int> KeysAsync(string redis)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        return connection.GetServers().Sum(server => server.Keys(pattern: $"{_prefix}*").Count());
    }

    private static async Task<(string Database, string Redis)> StartServersAsync()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        return (database, (await RedisServer.SharedAsync()).ConnectionString);
    }

    private Task<Node> StartAsync(string database, string? redis, Action<StateFaults> keep, Action<FraiseQLStateOptions>? configure = null)
        => Node.StartAsync(database, redis, configure + (o => o.Cache.L2.KeyPrefix = _prefix), state: builder =>
        {
            builder.Services.AddFraiseQLStateFaults<BlogContext>(out var faults);
            keep(faults);
        });
}
