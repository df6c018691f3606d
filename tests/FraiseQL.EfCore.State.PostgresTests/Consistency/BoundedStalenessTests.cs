using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Consistency;

/// <summary>Readers who accept what is some minutes old, and what they are never served.</summary>
[Feature("S0-state-model")]
public sealed class BoundedStalenessTests : BlogDatabaseTests
{
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(10);
    private readonly ShiftedTime _time = new();

    [Fact]
    public async Task What_a_change_has_ended_is_served_declared_stale_within_the_bound_and_not_after_it()
    {
        await using var node = await Node.StartAsync(ConnectionString, time: _time);
        await Title(node);
        Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await Title(node));
        await ChangeAsync(node, "new");
        Assert.Equal(("Post 1.1", CacheOutcome.Stale), await Title(node));

        // Nobody else is served it, and what the others have read is new for this reader too.
        var (id, _) = await node.ReadAsync(db => db.Posts.Where(p => p.Title == "new").Select(p => p.Id).Cacheable().SingleAsync());
        Assert.Equal(1, id);
        Assert.Equal(("Post 1.1", CacheOutcome.Stale), await Title(node));
        _time.Shift += s_bound;
        Assert.Equal("new", (await Title(node)).Value);
    }

    [Fact]
    public async Task A_cell_that_changes_all_the_time_does_not_make_an_answer_older_than_the_bound()
    {
        await using var node = await Node.StartAsync(ConnectionString, time: _time);
        await Title(node);
        for (var i = 0; i < 12; i++)
        {
            await ChangeAsync(node, $"v{i}");
            var (value, outcome) = await Title(node);

            // One minute a step: from the eleventh on the first change is too long ago, though the last is not.
            if (outcome == CacheOutcome.Stale)
            {
                Assert.InRange(i, 0, 10);
                Assert.Equal("Post 1.1", value);
            }
            else
            {
                Assert.Equal($"v{i}", value);
                return;
            }

            _time.Shift += TimeSpan.FromMinutes(1);
        }

        Assert.Fail("The answer was served for longer than the bound.");
    }

    [Fact]
    public async Task Who_has_written_is_never_served_what_was_before_that_unless_he_says_so()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Title(node);
        await using var writer = node.CreateContext();
        (await writer.Posts.SingleAsync(p => p.Id == 1)).Title = "mine";
        await writer.SaveChangesAsync();
        await CaughtUp.AllAsync(ConnectionString, node);

        Assert.Equal(("Post 1.1", CacheOutcome.Stale), await Title(node));
        Assert.Equal("Post 1.1", await Query(writer, ownWritesToo: true).SingleAsync());
        Assert.Equal(CacheOutcome.Stale, writer.Database.GetCacheOutcome());
        Assert.Equal("mine", await Query(writer).SingleAsync());
    }

    [Fact]
    public async Task What_one_context_of_a_request_has_written_the_others_do_not_miss()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Title(node);
        using (ConsistencyScope.Begin())
        {
            await node.WriteAsync(async db =>
            {
                (await db.Posts.SingleAsync(p => p.Id == 1)).Title = "mine";
                await db.SaveChangesAsync();
            });
            Task<(string Value, CacheOutcome Outcome)> outside;
            using (ExecutionContext.SuppressFlow())
            {
                outside = Task.Run(() => Title(node));
            }

            Assert.Equal(("Post 1.1", CacheOutcome.Stale), await outside);
            Assert.Equal("mine", (await Title(node)).Value);
        }
    }

    [Fact]
    public async Task A_call_to_invalidate_and_a_token_know_no_patience()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await using var other = await Node.StartAsync(ConnectionString);
        await Title(node);
        await ChangeAsync(node, "first");
        Assert.Equal(("Post 1.1", CacheOutcome.Stale), await Title(node));
        await other.Services.GetRequiredService<IStateCache>().InvalidateAsync(i => i.Row<Post>(1));
        await CaughtUp.AllAsync(ConnectionString, node);
        Assert.Equal("first", (await Title(node)).Value);

        await ChangeAsync(node, "second");
        Assert.Equal(("first", CacheOutcome.Stale), await Title(node));
        await using var db = node.CreateContext();
        db.Database.RequireConsistency(await db.Database.GetConsistencyTokenAsync());
        Assert.Equal("second", await Query(db).SingleAsync());
    }

    [Fact]
    public async Task While_nothing_is_heard_from_the_database_it_is_served_within_the_bound()
    {
        var target = new NpgsqlConnectionStringBuilder(ConnectionString);
        await using var proxy = FaultyProxy.Start(target.Host!, target.Port);
        var through = new NpgsqlConnectionStringBuilder(ConnectionString) { Host = "127.0.0.1", Port = proxy.Port, Pooling = false }.ConnectionString;
        await using var node = await Node.StartAsync(through, time: _time, configure: o =>
        {
            o.Cdc.PollInterval = TimeSpan.FromMilliseconds(50);
            o.Cdc.IdlePollInterval = TimeSpan.FromMilliseconds(100);
            o.Consistency.MaxSilence = TimeSpan.FromMilliseconds(200);
        });
        await Title(node);
        proxy.Cut();
        await Eventually.Until(async () => await Title(node) == ("Post 1.1", CacheOutcome.Stale));
        await Assert.ThrowsAnyAsync<Exception>(() => node.ReadAsync(db => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().SingleAsync()));
        _time.Shift += s_bound;
        await Assert.ThrowsAnyAsync<Exception>(() => Title(node));
        await Seed.ExecuteAsync(ConnectionString, "update \"Posts\" set \"Title\" = 'new' where \"Id\" = 1");
        proxy.Restore();
        await Eventually.Until(async () => (await Title(node)).Value == "new");
    }

    [Fact]
    public async Task The_level_comes_from_the_query_then_the_profile_then_the_configuration()
    {
        await using var node = await Node.StartAsync(ConnectionString, configure: o =>
        {
            o.Consistency.Default = ConsistencyLevel.BoundedStaleness;
            o.Consistency.MaxStaleness = s_bound;
            o.Cache.Profiles["exact"] = new CacheProfileOptions { Consistency = ConsistencyLevel.Strict };
        });
        IQueryable<string> Titles(BlogContext db) => db.Posts.Where(p => p.Id == 1).Select(p => p.Title);
        await node.ReadAsync(db => Titles(db).Cacheable().SingleAsync());
        await ChangeAsync(node, "new");
        Assert.Equal(("Post 1.1", CacheOutcome.Stale), await node.ReadAsync(db => Titles(db).Cacheable().SingleAsync()));
        Assert.Equal("new", (await node.ReadAsync(db => Titles(db).Cacheable("exact").SingleAsync())).Value);
        await ChangeAsync(node, "newer");
        Assert.Equal(("new", CacheOutcome.Stale), await node.ReadAsync(db => Titles(db).Cacheable().SingleAsync()));
        Assert.Equal("newer", (await node.ReadAsync(db => Titles(db).Cacheable(o => o.ReadYourWrites()).SingleAsync())).Value);
        await using var explained = node.CreateContext();
        Assert.Contains("consistency: stale by at most 00:10:00", Titles(explained).Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("consistency: strict", Titles(explained).Cacheable("exact").ToCacheExplainString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Consistency:MaxStaleness", nameof(ConsistencyLevel.BoundedStaleness), null, null, true)]
    [InlineData("Cdc:IdlePollInterval", nameof(ConsistencyLevel.BoundedStaleness), "00:00:01", null, true)]
    [InlineData("Cdc:Enabled", nameof(ConsistencyLevel.Strict), null, null, false)]
    [InlineData("Cache:Profiles:x:MaxStaleness", nameof(ConsistencyLevel.ReadYourWrites), null, "00:01:00", true)]
    public async Task A_combination_that_makes_no_sense_is_refused_when_the_host_starts(string named, string level, string? bound, string? profileBound, bool listens)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => Node.StartAsync(ConnectionString, wait: false, configure: o =>
        {
            o.Cdc.Enabled = listens;
            o.Consistency.Default = Enum.Parse<ConsistencyLevel>(level);
            o.Consistency.MaxStaleness = bound is null ? null : TimeSpan.Parse(bound, null);
            if (profileBound is not null)
            {
                o.Cache.Profiles["x"] = new CacheProfileOptions { Consistency = ConsistencyLevel.Strict, MaxStaleness = TimeSpan.Parse(profileBound, null) };
            }
        }));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_asks_for_what_cannot_be_is_told_so()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        async Task<string> Message(Action<CacheableOptionsBuilder> options)
            => (await Assert.ThrowsAsync<InvalidOperationException>(() => node.ReadAsync(db => db.Posts.Cacheable(options).CountAsync()))).Message;
        Assert.Contains("UntilExpired()", await Message(o => o.Strict().UntilExpired()), StringComparison.Ordinal);
        Assert.Contains("Cdc:IdlePollInterval", await Message(o => o.BoundedStaleness(TimeSpan.FromSeconds(1))), StringComparison.Ordinal);
    }

    private static IQueryable<string> Query(BlogContext db, bool ownWritesToo = false)
        => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable(o => o.Ttl(TimeSpan.FromHours(1)).BoundedStaleness(s_bound, ownWritesToo));

    private static Task<(string Value, CacheOutcome Outcome)> Title(Node node) => node.ReadAsync(db => Query(db).SingleAsync());

    private async Task ChangeAsync(Node node, string title)
    {
        await Seed.ExecuteAsync(ConnectionString, $"update \"Posts\" set \"Title\" = '{title}' where \"Id\" = 1");
        await CaughtUp.AllAsync(ConnectionString, node);
    }

    /// <summary>The real clock, shifted as a whole; only timers stay as they are.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        private long _shift;

        public TimeSpan Shift
        {
            get => new(Interlocked.Read(ref _shift));
            set => Interlocked.Exchange(ref _shift, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Shift.TotalSeconds * TimestampFrequency);
    }
}
