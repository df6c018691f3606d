using System.Diagnostics.Metrics;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.PostgresTests.Policies;

/// <summary>Which time to live, profile and scope applies: the call, the profile, the entity, the context, the configuration.</summary>
public sealed class PolicyTests : BlogDatabaseTests
{
    private readonly AdjustableTime _time = new();

    [Theory]
    [InlineData(CacheProfile.Static, 3600)]
    [InlineData(CacheProfile.UserSpecific, 300)]
    [InlineData(CacheProfile.RealTime, 10)]
    [InlineData(CacheProfile.Personalized, 30)]
    [InlineData("catalog", 7)]
    [Feature("S1.3-ttl-static")]
    [Feature("S1.3-ttl-user")]
    [Feature("S1.3-ttl-realtime")]
    [Feature("S1.3-ttl-personalized")]
    [Feature("S1.3-ttl-custom-profile")]
    [Feature("S1.3-expiry")]
    public async Task A_profile_gives_the_time_to_live_and_an_entry_ends_with_it(string profile, int seconds)
    {
        await using var node = await StartAsync();
        Task<(int, CacheOutcome Outcome)> Read() => node.ReadAsync(db => db.Posts.Cacheable(profile).CountAsync());
        Assert.Equal(CacheOutcome.Miss, (await Read()).Outcome);
        _time.Shift += TimeSpan.FromSeconds(seconds - 1);
        Assert.Equal(CacheOutcome.L1Hit, (await Read()).Outcome);
        _time.Shift += TimeSpan.FromSeconds(2);
        Assert.Equal(CacheOutcome.Miss, (await Read()).Outcome);
    }

    [Fact]
    [Feature("U-34-list-toggle")]
    public async Task Lists_can_be_left_to_the_database_while_single_rows_and_scalars_are_cached()
    {
        await using var node = await Node.StartAsync(ConnectionString, configure: o => o.Cache.Lists = false);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(CacheOutcome.Bypass, (await node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 1).Cacheable().ToListAsync())).Outcome);
            Assert.Equal(CacheOutcome.Bypass, (await node.ReadAsync(db => db.Posts.OrderBy(p => p.Id).Take(1).Cacheable().ToListAsync())).Outcome);
            var expected = i == 0 ? CacheOutcome.Miss : CacheOutcome.L1Hit;
            Assert.Equal(expected, (await node.ReadAsync(db => db.Posts.Cacheable().FirstAsync(p => p.Id == 1))).Outcome);
            Assert.Equal(expected, (await node.ReadAsync(db => db.Posts.Cacheable().AnyAsync(p => p.AuthorId == 1))).Outcome);
            Assert.Equal(expected, (await node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 2).Cacheable().CountAsync())).Outcome);
        }
    }

    [Fact]
    [Feature("S1.3-ttl-per-operation")]
    public async Task The_call_wins_over_the_profile_the_profile_over_the_entity_and_the_entity_over_the_default()
    {
        await using var node = await StartAsync(context: o => o.ReplaceService<Microsoft.EntityFrameworkCore.Infrastructure.IModelCustomizer, TagsAreStatic>());
        await using var db = node.CreateContext();
        Assert.Contains("ttl: 00:00:03 (call)", db.Tags.Cacheable(o => o.Ttl(TimeSpan.FromSeconds(3)).Profile("catalog")).ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("ttl: 00:00:07 (profile)", db.Tags.Cacheable("catalog").ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("ttl: 01:00:00 (entity)", db.Tags.Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("ttl: 00:05:00 (default)", db.Authors.Cacheable().ToCacheExplainString(), StringComparison.Ordinal);

        // Of several entities the shortest.
        Assert.Contains("ttl: 00:00:20 (entity)", db.Posts.Include(p => p.Tags).Include(p => p.Comments).Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("ttl: 00:01:00 in memory, 01:00:00 on the shared server", db.Authors.Cacheable(
            o => o.L1Ttl(TimeSpan.FromMinutes(1)).L2Ttl(TimeSpan.FromHours(1))).ToCacheExplainString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_that_does_not_exist_is_named_with_those_that_do()
    {
        await using var node = await StartAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => node.ReadAsync(db => db.Posts.Cacheable("Katalog").CountAsync()));
        Approved.Match(error.Message, "unknown-profile");
    }

    [Fact]
    public async Task Options_work_in_compiled_queries_and_by_parameter()
    {
        await using var node = await StartAsync();
        var byProfile = EF.CompileAsyncQuery((BlogContext db, string profile) => db.Posts.Cacheable(profile).Count());
        var byOptions = EF.CompileAsyncQuery((BlogContext db, int n) => db.Posts.Where(p => p.Id > n).Cacheable(o => o.Ttl(TimeSpan.FromSeconds(9)).Named("Above")).Count());
        var never = EF.CompileAsyncQuery((BlogContext db) => db.Posts.Cacheable().NotCacheable().Count());
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => byProfile(db, "RealTime"))).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => byProfile(db, "Static"))).Outcome);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => byOptions(db, 1))).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => byOptions(db, 1))).Outcome);
        Assert.Equal(CacheOutcome.None, (await node.ReadAsync(db => never(db))).Outcome);
        _time.Shift += TimeSpan.FromSeconds(10);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => byOptions(db, 1))).Outcome);
    }

    [Fact]
    public async Task The_last_mark_counts_and_more_ttls_than_are_kept_apart_still_compile_a_query_once()
    {
        await using var node = await StartAsync();
        Assert.Equal(CacheOutcome.None, (await node.ReadAsync(db => db.Posts.Cacheable().NotCacheable().CountAsync())).Outcome);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => db.Posts.NotCacheable().Cacheable().CountAsync())).Outcome);
        for (var i = 1; i < 200; i++)
        {
            var ttl = TimeSpan.FromSeconds(100 + i);
            var (_, outcome) = await node.ReadAsync(db => db.Tags.Cacheable(ttl).CountAsync());
            Assert.Equal(i == 1 ? CacheOutcome.Miss : CacheOutcome.L1Hit, outcome);
        }
    }

    [Theory]
    [InlineData(CacheProfile.Static)]
    [InlineData(CacheProfile.UserSpecific)]
    [InlineData(CacheProfile.RealTime)]
    [InlineData(CacheProfile.Personalized)]
    [Feature("S1.3-miss-cost-static")]
    [Feature("S1.3-miss-cost-user")]
    [Feature("S1.3-miss-cost-realtime")]
    [Feature("S1.3-miss-cost-personalized")]
    public async Task A_miss_beyond_the_profiles_budget_is_logged_and_counted(string profile)
    {
        var exceeded = 0L;
        using var meter = new MeterListener();
        meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "fraiseql.cache.miss_budget_exceeded")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meter.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var tag in tags)
            {
                Interlocked.Add(ref exceeded, tag.Key == "profile" && Equals(tag.Value, profile) ? value : 0);
            }
        });
        meter.Start();
        await using var node = await StartAsync(o => o.Cache.Profiles[profile].MissBudget = TimeSpan.FromSeconds(30));
        await node.ReadAsync(db => db.Posts.Cacheable(profile).CountAsync());
        Assert.Equal(0, Interlocked.Read(ref exceeded));

        // The database takes no longer; the clock says so.
        node.Commands.AfterExecute = _ =>
        {
            _time.Shift += TimeSpan.FromSeconds(31);
            return Task.CompletedTask;
        };
        await node.ReadAsync(db => db.Comments.Cacheable(profile).CountAsync());
        node.Commands.AfterExecute = null;
        Assert.Equal(1, Interlocked.Read(ref exceeded));
        Assert.Contains(node.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.CacheMissBudgetExceeded && r.Level == LogLevel.Warning);
    }

    [Fact]
    public async Task Every_outcome_has_a_log_event_of_its_own()
    {
        await using var node = await StartAsync(
            o => o.Cache.MaxRows = 5, context: o => o.UseLoggerFactory(LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Debug).AddProvider(new Recorder()))));
        await node.ReadAsync(db => db.Authors.Cacheable(o => o.Named("Authors")).ToListAsync());
        await node.ReadAsync(db => db.Authors.Cacheable(o => o.Named("Authors")).ToListAsync());
        await node.ReadAsync(db => db.Posts.Cacheable(o => o.Named("Many")).ToListAsync());
        await node.ReadAsync(db => db.Posts.Select(p => EF.Functions.Random()).Cacheable(o => o.Named("Random")).ToListAsync());
        await node.ReadAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            return await db.Authors.Cacheable(o => o.Named("Inside")).CountAsync();
        });
        var ids = Recorder.Seen.ToArray();
        foreach (var id in (int[])[
            FraiseQLStateEventId.CacheHit, FraiseQLStateEventId.CacheMiss, FraiseQLStateEventId.CacheBypassed, FraiseQLStateEventId.QueryRefused,
            FraiseQLStateEventId.CacheStored, FraiseQLStateEventId.CacheRejected])
        {
            Assert.Contains(id, ids);
        }
    }

    private Task<Node> StartAsync(Action<FraiseQLStateOptions>? configure = null, Action<DbContextOptionsBuilder>? context = null)
        => Node.StartAsync(
            ConnectionString,
            configure: o =>
            {
                o.Cache.Profiles["catalog"] = new() { Ttl = TimeSpan.FromSeconds(7), Reason = "changes seldom" };
                configure?.Invoke(o);
            },
            context: context,
            state: s => s.VaryByUser(_ => "ada"),
            time: _time);

    private sealed class TagsAreStatic(Microsoft.EntityFrameworkCore.Infrastructure.ModelCustomizerDependencies dependencies)
        : Microsoft.EntityFrameworkCore.Infrastructure.ModelCustomizer(dependencies)
    {
        public override void Customize(ModelBuilder modelBuilder, DbContext context)
        {
            base.Customize(modelBuilder, context);
            modelBuilder.Entity<Tag>().HasCacheProfile(CacheProfile.Static);
            modelBuilder.Entity<Comment>().HasCacheTtl(TimeSpan.FromSeconds(20));
        }
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        public static readonly System.Collections.Concurrent.ConcurrentQueue<int> Seen = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Seen.Enqueue(eventId.Id);

        public void Dispose()
        {
        }
    }
}
