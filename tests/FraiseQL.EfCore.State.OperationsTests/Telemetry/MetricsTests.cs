using System.Diagnostics;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

public sealed class MetricsTests
{
    [Fact]
    [Feature("S7.1-hit-rate")]
    [Feature("S7.1-ttl-distribution")]
    [Feature("S7.1-size")]
    [Feature("S7.1-invalidation-rate")]
    public async Task Hits_misses_times_to_live_sizes_and_invalidations_are_counted_for_the_context_that_they_are_of()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var other = new MeasuredApp<SecondContext>(database);
        await using var app = new MeasuredApp<FirstContext>(database);
        await app.StartAsync();
        using var metrics = new RecordedMetrics();
        (string, string) mine = ("fraiseql.context", nameof(FirstContext));

        var query = (FirstContext db) => db.Posts.Where(p => p.AuthorId == 1).Cacheable(TimeSpan.FromSeconds(77)).ToListAsync();
        Assert.Equal(CacheOutcome.Miss, (await app.ReadAsync(query)).Outcome);
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(CacheOutcome.L1Hit, (await app.ReadAsync(query)).Outcome);
        }

        double Requests(string result) => metrics.Sum("fraiseql.cache.requests", ("fraiseql.cache.request.result", result), mine);
        Assert.Equal((9, 1), (Requests("hit_l1"), Requests("miss")));
        Assert.Equal(0.9, Requests("hit_l1") / (Requests("hit_l1") + Requests("miss")));
        Assert.Equal(77, Assert.Single(metrics.All, m => m.Instrument == "fraiseql.cache.entry.ttl" && Equals(m.Tags["fraiseql.context"], mine.Item2)).Value);
        var bytes = Assert.Single(metrics.All, m => m.Instrument == "fraiseql.cache.entry.size" && Equals(m.Tags["fraiseql.context"], mine.Item2)).Value;
        Assert.InRange(bytes, 200, 10_000);
        metrics.Observe();
        Assert.True(metrics.Sum("fraiseql.cache.l1.size", mine) >= bytes);
        Assert.True(metrics.Sum("fraiseql.cache.l1.entries", mine) >= 1);
        Assert.Equal(0, metrics.Sum("fraiseql.cache.requests", ("fraiseql.context", nameof(SecondContext))));

        double Invalidations(string source, string entity)
            => metrics.Sum("fraiseql.cache.invalidations", ("source", source), ("entity", entity), mine);
        await using (var db = app.CreateContext())
        {
            (await db.Posts.FirstAsync()).Views++;
            db.Tags.Add(new Tag { Name = "new" });
            await db.SaveChangesAsync();
            Assert.Equal((1, 1), (Invalidations("local", nameof(Post)), Invalidations("local", nameof(Tag))));
            await db.Database.InvalidateCacheAsync(i => i.Tag("trending"));
        }

        Assert.Equal(1, Invalidations("manual", "cache"));
        await Seed.ExecuteAsync(database, """insert into "Tags" ("Name") select 'n' || i from generate_series(1, 5) i""");
        await Eventually.Until(() => Invalidations("listener", nameof(Tag)) == 6 && Invalidations("listener", nameof(Post)) == 1 && Invalidations("listener", "cache") == 1);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task A_result_that_a_change_has_ended_while_it_was_read_is_counted_as_fenced()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var app = new MeasuredApp<FirstContext>(database);
        await app.StartAsync();
        using var metrics = new RecordedMetrics();
        app.Commands.AfterExecute = async command =>
        {
            if (command.CommandText.Contains("\"Comments\"", StringComparison.Ordinal))
            {
                app.Commands.AfterExecute = null;
                await using var db = app.CreateContext();
                db.Comments.Add(new Comment { Text = "meanwhile", PostId = 1 });
                await db.SaveChangesAsync();
            }
        };
        await app.ReadAsync(db => db.Comments.Cacheable().CountAsync());
        Assert.True(metrics.Sum("fraiseql.cache.fenced_fills", ("fraiseql.context", nameof(FirstContext))) >= 1);
        Assert.Equal(CacheOutcome.Miss, (await app.ReadAsync(db => db.Comments.Cacheable().CountAsync())).Outcome);
    }

    [Fact]
    [Feature("S7.1-event-order")]
    public void Events_of_a_row_that_come_in_another_order_than_its_writes_are_seen()
    {
        var watch = new OrderWatch();
        Assert.True(watch.IsInOrder("public.posts", """{"id": 1}""", 10));
        Assert.True(watch.IsInOrder("public.posts", """{"id": 2}""", 5));
        Assert.True(watch.IsInOrder("public.tags", """{"id": 1}""", 5));
        Assert.True(watch.IsInOrder("public.posts", """{"id": 1}""", 10));
        Assert.True(watch.IsInOrder("public.posts", """{"id": 1}""", 12));
        Assert.False(watch.IsInOrder("public.posts", """{"id": 1}""", 11));
        Assert.True(watch.IsInOrder("public.posts", null, 1));
        for (var i = 0; i < 100_000; i++)
        {
            // More rows than it remembers: forgotten ones are no reversals.
            Assert.True(watch.IsInOrder("public.posts", $$"""{"id": {{i % 10_000}}}""", 20 + i));
        }
    }

    [Fact]
    [Feature("S7.1-event-order")]
    public async Task Under_concurrent_writers_failing_handlers_and_retries_no_order_is_violated()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        using var metrics = new RecordedMetrics();
        var handled = 0;
        var app = new MeasuredApp<FirstContext>(
            database,
            builder => builder.OnEvent<Post>("post_updated", (change, _, _) =>
            {
                Interlocked.Increment(ref handled);
                return change.Payload.GetProperty("Views").GetInt32() % 7 == 3 ? throw new InvalidOperationException("as the test wants it") : Task.CompletedTask;
            }),
            o => (o.Cdc.Retry.Attempts, o.Cdc.Retry.MinDelay) = (2, TimeSpan.FromMilliseconds(1)));
        await using var _ = app;
        await app.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            for (var i = 0; i < 25; i++)
            {
                await Seed.ExecuteAsync(database, $"""update "Posts" set "Views" = "Views" + 1 where "Id" = {1 + ((writer + i) % 3)}""");
            }
        }));
        var letters = app.Services.GetRequiredService<IDeadLetters>();
        await Eventually.Until(async () =>
        {
            await letters.RetryAllAsync();
            foreach (var letter in await letters.ListAsync())
            {
                if (letter.Attempts > 3)
                {
                    await letters.SkipAsync(letter);
                }
            }

            return Volatile.Read(ref handled) >= 100 && await letters.CountAsync() == 0;
        }, TimeSpan.FromSeconds(60));
        metrics.Observe();
        Assert.Equal(0, metrics.Sum("fraiseql.changes.order_violations"));
        Assert.DoesNotContain(app.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.EventOutOfOrder);
    }

    [Fact]
    [Feature("U-47-tracing")]
    public async Task An_invalidation_by_the_log_is_linked_to_the_trace_of_its_writer()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var linked = new List<ActivityTraceId>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is FraiseQLStateDiagnostics.ActivitySourceName or "test.linked",
            Sample = (ref ActivityCreationOptions<ActivityContext> asked)
                => asked.Source.Name == "test.linked" || asked.Name == "fraiseql.cache.invalidate" ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                lock (linked)
                {
                    linked.AddRange(activity.Links.Select(link => link.Context.TraceId));
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var app = new MeasuredApp<FirstContext>(database);
        await app.StartAsync();
        using var source = new ActivitySource("test.linked");
        ActivityTraceId trace;
        using (var writer = source.StartActivity("order"))
        {
            trace = writer!.TraceId;
            await using var db = app.CreateContext();
            db.Tags.Add(new Tag { Name = "traced" });
            await db.SaveChangesAsync();
        }

        await Eventually.Until(() =>
        {
            lock (linked)
            {
                return linked.Contains(trace);
            }
        });
    }

    public sealed class FirstContext(DbContextOptions<FirstContext> options) : BlogContext(options);

    public sealed class SecondContext(DbContextOptions<SecondContext> options) : BlogContext(options);
}
