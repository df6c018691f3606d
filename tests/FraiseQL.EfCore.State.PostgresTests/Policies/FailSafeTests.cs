using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Policies;

/// <summary>Fail-safe, sliding and early refresh: more hits by choice, and never an old value back as a fresh one.</summary>
public sealed class FailSafeTests : BlogDatabaseTests
{
    private readonly AdjustableTime _time = new();

    [Fact]
    [Feature("B-14-fail-safe")]
    public async Task While_the_database_is_down_declared_stale_rows_are_served_within_the_bound_and_never_after_it()
    {
        var server = new NpgsqlConnectionStringBuilder(ConnectionString);
        await using var proxy = FaultyProxy.Start(server.Host!, server.Port);
        server.Host = "127.0.0.1";
        server.Port = proxy.Port;
        await using var node = await Node.StartAsync(server.ConnectionString, time: _time);
        Task<(string Title, CacheOutcome Outcome)> Read() => node.ReadAsync(db => db.Posts
            .Where(p => p.Id == 1).Select(p => p.Title).Cacheable(o => o.Ttl(TimeSpan.FromMinutes(1)).FailSafe(TimeSpan.FromMinutes(10))).SingleAsync());
        var (title, first) = await Read();
        Assert.Equal(CacheOutcome.Miss, first);
        Assert.Equal((title, CacheOutcome.L1Hit), await Read());

        // Its time is over, and there is nobody to ask.
        _time.Shift += TimeSpan.FromMinutes(2);
        proxy.Cut();
        Assert.Equal((title, CacheOutcome.Stale), await Read());
        Assert.Contains(node.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.CacheServedStale);

        // A query that did not ask for it fails as always, and one whose rows nobody knows too.
        await Assert.ThrowsAnyAsync<Exception>(() => node.ReadAsync(db => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().SingleAsync()));
        await Assert.ThrowsAnyAsync<Exception>(() => node.ReadAsync(db => db.Authors.Cacheable(o => o.FailSafe(TimeSpan.FromHours(1))).ToListAsync()));

        // Others go on writing meanwhile; when the database is back, nothing old is.
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = 'changed meanwhile' WHERE \"Id\" = 1");
        Assert.Equal((title, CacheOutcome.Stale), await Read());
        proxy.Restore();
        await Eventually.Until(async () => (await Read()).Outcome is CacheOutcome.L1Hit or CacheOutcome.Miss, TimeSpan.FromSeconds(20));
        Assert.Equal("changed meanwhile", (await Read()).Title);

        // Beyond the bound an error is better.
        _time.Shift += TimeSpan.FromMinutes(11);
        proxy.Cut();
        await Assert.ThrowsAnyAsync<Exception>(Read);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_kept_for_fail_safe_is_not_served_to_others_beyond_its_time(bool split)
    {
        await using var node = await Node.StartAsync(ConnectionString, time: _time);
        Task<(int, CacheOutcome Outcome)> Read(TimeSpan ttl, TimeSpan? failSafe) => node.ReadAsync(async db =>
        {
            var query = db.Authors.Include(a => a.Posts).OrderBy(a => a.Id);
            return (await (split ? query.AsSplitQuery() : query.AsSingleQuery())
                .Cacheable(o => _ = failSafe is { } bound ? o.Ttl(ttl).FailSafe(bound) : o.Ttl(ttl)).ToListAsync()).Count;
        });

        // A split query between whose commands another transaction of the server came is served from the node's next poll on.
        Task HitAsync(TimeSpan ttl, TimeSpan? failSafe)
            => Eventually.Until(async () => (await Read(ttl, failSafe)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
        await HitAsync(TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));
        Assert.Equal(CacheOutcome.L1Hit, (await Read(TimeSpan.FromMinutes(1), null)).Outcome);
        _time.Shift += TimeSpan.FromMinutes(2);
        Assert.Equal(CacheOutcome.Miss, (await Read(TimeSpan.FromMinutes(1), null)).Outcome);
        await HitAsync(TimeSpan.FromMinutes(5), null);
    }

    [Fact]
    public async Task An_answer_of_the_database_is_never_replaced_also_when_it_is_an_error()
    {
        await using var node = await Node.StartAsync(ConnectionString, time: _time);
        Task<(int Value, CacheOutcome Outcome)> Read() => node.ReadAsync(db => db.Tags.Cacheable(o => o.FailSafe(TimeSpan.FromHours(1))).CountAsync());
        await Read();
        await Seed.ExecuteAsync(ConnectionString, "ALTER TABLE \"Tags\" RENAME TO \"Labels\"");
        _time.Shift += TimeSpan.FromMinutes(6);
        await Assert.ThrowsAsync<PostgresException>(Read);
    }

    [Fact]
    public async Task An_idle_entry_ends_and_one_in_use_lives_until_its_time()
    {
        await using var node = await Node.StartAsync(ConnectionString, time: _time);
        Task<(int Value, CacheOutcome Outcome)> Read() => node.ReadAsync(db => db.Posts.Cacheable(
            o => o.Ttl(TimeSpan.FromMinutes(10)).Sliding(TimeSpan.FromMinutes(2))).CountAsync());
        Assert.Equal(CacheOutcome.Miss, (await Read()).Outcome);
        for (var minute = 1; minute < 10; minute++)
        {
            _time.Shift += TimeSpan.FromMinutes(1);
            Assert.Equal(CacheOutcome.L1Hit, (await Read()).Outcome);
        }

        // In use all the time, and still no longer than its ttl.
        _time.Shift += TimeSpan.FromMinutes(1);
        Assert.Equal(CacheOutcome.Miss, (await Read()).Outcome);
        _time.Shift += TimeSpan.FromMinutes(3);
        Assert.Equal(CacheOutcome.Miss, (await Read()).Outcome);

        // A change ends it at once all the same.
        await node.WriteAsync(db => db.Posts.Where(p => p.Id == 1).ExecuteDeleteAsync());
        Assert.Equal(11, (await Read()).Value);
    }

    [Fact]
    public async Task Shortly_before_its_end_one_execution_refreshes_an_entry_and_the_others_are_served()
    {
        await using var node = await Node.StartAsync(ConnectionString, time: _time);
        Task<(int Value, CacheOutcome Outcome)> Read() => node.ReadAsync(db => db.Posts.Cacheable(
            o => o.Ttl(TimeSpan.FromMinutes(10)).RefreshAhead(TimeSpan.FromMinutes(1))).CountAsync());
        await Read();
        _time.Shift += TimeSpan.FromMinutes(8.5);
        Assert.Equal(CacheOutcome.L1Hit, (await Read()).Outcome);
        _time.Shift += TimeSpan.FromMinutes(1);
        var gate = new Gate();
        node.Commands.AfterExecute = _ => gate.PassAsync();
        var refreshing = Read();
        await gate.Arrived;
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(CacheOutcome.L1Hit, (await Read()).Outcome);
        }

        // A commit while the refresh is under way: its rows are older, and nobody is served them.
        node.Commands.AfterExecute = null;
        await Seed.ExecuteAsync(ConnectionString, "DELETE FROM \"Posts\" WHERE \"Id\" = 2");
        gate.Open();
        await refreshing;
        await Eventually.Until(async () => (await Read()).Value == 11, TimeSpan.FromSeconds(10));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(11, (await Read()).Value);
        }
    }
}
