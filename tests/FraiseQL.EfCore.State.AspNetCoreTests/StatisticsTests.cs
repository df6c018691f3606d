using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Statistics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

public sealed class StatisticsTests
{
    [Fact]
    [Feature("S9.1-do-adjust-ttl")]
    public async Task A_query_has_its_hits_misses_bypasses_bytes_rows_and_the_age_at_which_changes_end_it()
    {
        await using var site = await Site.StartAsync();
        var cache = site.Services.GetRequiredService<IStateCache>();
        async Task<CacheOutcome> Read(int author)
            => (await site.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).Cacheable(o => o.Named("Counted")).ToListAsync())).Outcome;

        for (var i = 0; i < 5; i++)
        {
            await Read(1);
            await Read(2);
        }

        await using (var db = await site.Services.GetRequiredService<IDbContextFactory<BlogContext>>().CreateDbContextAsync())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var author = 1;
            await db.Posts.Where(p => p.AuthorId == author).Cacheable(o => o.Named("Counted")).ToListAsync();
        }

        var before = cache.GetStatistics().Queries.Single(q => q.Name == "Counted");
        Assert.Equal((8, 0, 2, 1), (before.L1Hits, before.L2Hits, before.Misses, before.Bypasses));
        Assert.Equal(new Dictionary<string, long> { ["transaction"] = 1 }, before.BypassReasons);
        Assert.Equal((2, 8), (before.Entries, before.Rows));
        Assert.Equal(8 / 11.0, before.HitRatio);
        Assert.True(before.AverageMiss > TimeSpan.Zero);
        Assert.Null(before.AverageAgeAtChange);

        await site.SqlAsync("UPDATE \"Posts\" SET \"Views\" = 0 WHERE \"AuthorId\" = 1");
        await Eventually.Until(async () => await Read(1) == CacheOutcome.Miss);

        var after = cache.GetStatistics().Queries.Single(q => q.Name == "Counted");
        Assert.Equal((1, 3), (after.EndedByChange, after.Misses));
        Assert.Equal((2, 8), (after.Entries, after.Rows));
        Assert.NotNull(after.AverageAgeAtChange);
        Assert.NotNull(after.MedianAgeAtChange);
        Assert.Equal(cache.GetStatistics().Queries.Sum(q => q.Bytes), cache.GetStatistics().Bytes);

        await cache.InvalidateAllAsync();
        site.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.Memory.Dispose();
        Assert.All(cache.GetStatistics().Queries, q => Assert.Equal((0, 0, 0), (q.Entries, q.Bytes, q.Rows)));
    }

    [Fact]
    public async Task Counting_from_many_threads_loses_nothing()
    {
        var all = new QueryTallies();
        var tally = new QueryTally(all, "a", null, null);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                tally.Served(CacheOutcome.L1Hit);
                tally.Because("transaction");
                tally.Served(CacheOutcome.Bypass);
            }
        })));
        var read = tally.Read(hasListener: true);
        Assert.Equal((160_000, 160_000), (read.L1Hits, read.Bypasses));
        Assert.Equal(160_000, read.BypassReasons["transaction"]);
    }

    [Fact]
    public void The_first_512_queries_have_figures_of_their_own_and_the_others_together()
    {
        var all = new QueryTallies();
        for (var i = 0; i < 1000; i++)
        {
            all.Find(Plan(i), Policy()).Served(CacheOutcome.Miss);
        }

        var read = all.Read(hasListener: true, 0, 0);
        Assert.Equal(QueryTallies.MostQueries + 1, read.Queries.Count);
        Assert.Equal(1000, read.Misses);
        Assert.Equal(1000 - QueryTallies.MostQueries, read.Queries[0].Misses);
        Assert.Null(read.Queries[0].Text);
        Assert.Equal(StateStrings.AdviceOthers, read.Queries[0].Advice);
    }

    [Theory]
    [InlineData("-- Front page\n\nSELECT p.\"Id\" FROM \"Posts\" AS p WHERE p.\"Title\" = 'it''s @x' AND p.\"Id\" > 17 LIMIT @p0", "Front page",
        "SELECT p.\"Id\" FROM \"Posts\" AS p WHERE p.\"Title\" = '…' AND p.\"Id\" > ? LIMIT @p0")]
    [InlineData("SELECT E'a\\'b', $tag$secret$tag$, $1, 1.5e3, x1 /* 'secret' */ FROM t1 -- secret", "secret", "SELECT E'…', '…', $1, ?, x1 FROM t1")]
    [InlineData("SELECT 'never ended", null, "SELECT '…'")]
    public void A_querys_text_has_no_literals(string sql, string? tag, string text) => Assert.Equal((tag, text), QueryLabel.Of(sql));

    [Theory]
    [InlineData(0, 5, 0, 0, 0, 0, null, "Too few")]
    [InlineData(0, 0, 100, 0, 0, 0, null, "Nearly never cached (transaction)")]
    [InlineData(2, 98, 0, 0, 0, 0, null, "Hardly ever asked for again")]
    [InlineData(90, 10, 0, 10, 0, 40, 300, "Changes end its results after 40 s on average, before 5 min are over")]
    [InlineData(90, 10, 0, 0, 10, 0, 3600, "No change ended a result")]
    [InlineData(90, 10, 0, 5, 5, 900, 1800, "5 results were over by their time, 5 by a change, after 15 min on average")]
    [InlineData(90, 10, 0, 0, 0, 0, 300, "It fits")]
    [Feature("S9.1-do-adjust-ttl")]
    public void The_suggested_time_to_live_has_its_reason(
        int hits, int misses, int bypasses, int ended, int expired, int ageSeconds, int? suggested, string reason)
    {
        var tally = new QueryTallies().Find(Plan(1), Policy());
        Repeat(hits, () => tally.Served(CacheOutcome.L1Hit));
        Repeat(misses, () => tally.Served(CacheOutcome.Miss));
        Repeat(bypasses, () => tally.Served(CacheOutcome.Bypass));
        Repeat(bypasses, () => tally.Because("transaction"));
        Repeat(ended, () => tally.Ended(TimeSpan.FromSeconds(ageSeconds)));
        Repeat(expired, tally.Expired);

        var read = tally.Read(hasListener: true);

        Assert.StartsWith(reason, read.Advice, StringComparison.Ordinal);
        Assert.Equal(suggested, read.SuggestedTtl?.TotalSeconds);
        if (suggested is not null)
        {
            Assert.Null(tally.Read(hasListener: false).SuggestedTtl);
        }
    }

    [Fact]
    public void Percentiles_are_right_within_a_fifth()
    {
        var histogram = new ValueHistogram();
        for (var i = 1; i <= 100_000; i++)
        {
            histogram.Add(i);
        }

        foreach (var share in (double[])[0.01, 0.5, 0.9, 0.99])
        {
            Assert.InRange(ValueHistogram.Percentile(histogram.Counts(), share)!.Value, share * 80_000, share * 120_000);
        }

        var earlier = histogram.Counts();
        Assert.Null(ValueHistogram.Percentile(histogram.Counts(), 0.5, earlier));
        histogram.Add(7);
        Assert.InRange(ValueHistogram.Percentile(histogram.Counts(), 0.5, earlier)!.Value, 6, 8);
        histogram.Add(long.MaxValue);
        histogram.Add(-1);
    }

    [Fact]
    public async Task The_series_is_taken_only_while_somebody_looks()
    {
        await using var site = await Site.StartAsync();
        var time = new FakeTimeProvider();
        var runtime = site.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext));
        var database = site.Services.GetRequiredKeyedService<Listener.ContextDatabase>(typeof(BlogContext));
        using var groups = new AspNetCore.GroupWatch(database);
        using var sampler = new AspNetCore.Sampler(runtime, site.Services.GetRequiredKeyedService<Listener.ListenerStatus>(typeof(BlogContext)), groups, time);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(sampler.IsRunning);
        Assert.Empty(sampler.After(0));

        sampler.Look();
        Pass(time, 30);
        Assert.Equal(30, sampler.After(0).Length);

        Pass(time, 180);
        Assert.False(sampler.IsRunning);
        var last = sampler.After(0).Length;
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(last, sampler.After(0).Length);

        sampler.Look();
        for (var i = 0; i < 20; i++)
        {
            sampler.Look();
            Pass(time, 60);
        }

        Assert.Equal(AspNetCore.Sampler.Capacity, sampler.After(0).Length);
    }

    [Fact]
    public async Task The_end_of_the_host_leaves_a_connection_to_the_question_that_uses_it()
    {
        await using var site = await Site.StartAsync();
        using var groups = new AspNetCore.GroupWatch(site.Services.GetRequiredKeyedService<Listener.ContextDatabase>(typeof(BlogContext)));
        await groups.ReadAsync();
        Assert.NotEmpty(groups.Groups);

        await using var gate = new NpgsqlConnection(site.ConnectionString);
        await gate.OpenAsync();
        await using var transaction = await gate.BeginTransactionAsync();
        await using var locks = new NpgsqlCommand("LOCK TABLE fraiseql.consumer IN ACCESS EXCLUSIVE MODE", gate, transaction);
        await locks.ExecuteNonQueryAsync();
        async Task<long> Dashboards(string condition)
        {
            await using var db = new NpgsqlConnection(site.ConnectionString);
            await db.OpenAsync();
            await using var count = new NpgsqlCommand(
                $"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%fraiseql-dashboard%' AND {condition}", db);
            return (long)(await count.ExecuteScalarAsync())!;
        }

        var question = groups.ReadAsync();
        await Eventually.Until(async () => await Dashboards("wait_event_type = 'Lock'") == 1);
        groups.Dispose();
        Assert.False(question.IsCompleted);
        await transaction.RollbackAsync();
        await question;

        Assert.Null(groups.Error);
        await groups.ReadAsync();
        await Eventually.Until(async () => await Dashboards("true") == 0);
    }

    // The clock of a timer that is late shows the end of the time that has passed.
    private static void Pass(FakeTimeProvider time, int seconds) => Repeat(seconds, () => time.Advance(TimeSpan.FromSeconds(1)));

    private static void Repeat(int times, Action action)
    {
        for (var i = 0; i < times; i++)
        {
            action();
        }
    }

    private static QueryPlan Plan(int number)
        => new([1, 2, (byte)(number >> 8), (byte)number, 5, 6, 7], null, new CachePolicy(CacheableOptions.Default, null, false), [], [], [], [], [], null, null)
        {
            Sql = $"SELECT {number}",
        };

    private static EffectivePolicy Policy() => new() { L1Ttl = TimeSpan.FromMinutes(5), L2Ttl = TimeSpan.FromMinutes(5), TtlSource = "call" };
}
