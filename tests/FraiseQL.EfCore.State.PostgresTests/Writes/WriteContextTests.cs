using System.Diagnostics;
using System.Text.Json;
using FraiseQL.EfCore.State.PostgresTests.Dispatch;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

public sealed class WriteContextTests
{
    [Fact]
    [Feature("U-19-envelope")]
    public async Task Every_way_to_write_tells_its_events_who_wrote()
    {
        await using var stock = await Stock.CreateAsync(Stock.ByCaller);
        await stock.AsAsync("acme", "ada", async db =>
        {
            var item = new Item { Name = "a" };
            db.Add(item);
            await db.SaveChangesAsync();
            item.Count = 1;
            await db.SaveChangesAsync();
            db.AddRange(new Item { Name = "b" }, new Bin { Id = 1 });
            db.Remove(item);
            db.SaveChanges();
            await db.Items.ExecuteUpdateAsync(s => s.SetProperty(i => i.Count, 2));
            await db.Items.ExecuteDeleteAsync();
            await db.Database.ExecuteSqlAsync($"update bins set \"Text\" = {"x"}");
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlRawAsync("/* any text */ delete from bins");
            await transaction.CommitAsync();
        });
        await stock.AsAsync(null, null, db =>
        {
            db.Add(new Bin { Id = 2 });
            return db.SaveChangesAsync();
        });

        var log = await stock.LogAsync();
        Assert.Equal(10, log.Count);
        Assert.All(log.SkipLast(1), line => Assert.EndsWith(" acme/ada", line, StringComparison.Ordinal));
        Assert.Equal("I bins -", log[^1]);
    }

    [Fact]
    public async Task It_is_part_of_the_command_that_writes_and_nothing_is_sent_when_there_is_nothing_to_say()
    {
        var sent = new SentCommands();
        await using var stock = await Stock.CreateAsync(Stock.ByCaller, o => o.AddInterceptors(sent));
        async Task<int> WriteAsync(StockContext db)
        {
            sent.Clear();
            db.AddRange(new Item { Name = $"{Guid.NewGuid()}" }, new Bin { Id = Random.Shared.Next() });
            await db.SaveChangesAsync();
            return await db.Bins.ExecuteUpdateAsync(s => s.SetProperty(b => b.Text, "x"));
        }

        await stock.AsAsync(null, null, async db =>
        {
            Assert.Equal(1, await WriteAsync(db));
            Assert.Equal(2, sent.Texts.Count);
            Assert.DoesNotContain(sent.Texts, text => text.Contains("set_config", StringComparison.Ordinal));
        });
        await stock.AsAsync("acme", "ada", async db =>
        {
            Assert.Equal(2, await WriteAsync(db)); // the statement in front is not counted
            Assert.Equal(2, sent.Texts.Count);
            Assert.All(sent.Texts, text => Assert.StartsWith("SELECT pg_catalog.set_config", text, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task It_ends_with_its_transaction()
    {
        await using var stock = await Stock.CreateAsync(Stock.ByCaller, more: "Maximum Pool Size=1;No Reset On Close=true");
        await stock.AsAsync("acme", "ada", async db =>
        {
            db.Add(new Bin { Id = 1 });
            await db.SaveChangesAsync();
            await db.Bins.ExecuteUpdateAsync(s => s.SetProperty(b => b.Text, "x"));
        });
        await stock.AsAsync("acme", "eve", async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Bin { Id = 2 });
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        });
        await stock.AsAsync("acme", "mallory", db =>
        {
            db.Add(new Bin { Id = 1 });
            return Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        });
        await stock.AsAsync(null, null, async db =>
        {
            await db.Database.ExecuteSqlAsync($"update bins set \"Text\" = {"y"}");
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlRawAsync("update bins set \"Text\" = 'z'");
            await transaction.CommitAsync();
        });

        Assert.Equal(["I bins acme/ada", "U bins acme/ada", "U bins -", "U bins -"], await stock.LogAsync());
    }

    [Fact]
    public async Task In_one_transaction_each_write_has_its_own()
    {
        string? actor = null;
        await using var stock = await Stock.CreateAsync(s => s.DescribeWrites(w => (w.Tenant, w.Actor) = (actor is null ? null : "t", actor)));
        await stock.AsAsync(null, null, async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            actor = "one";
            db.Add(new Bin { Id = 1 });
            await db.SaveChangesAsync();
            actor = "two";
            var twice = db.Add(new Item { Name = "a" });
            await db.SaveChangesAsync();
            db.Add(new Item { Name = "a" });
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync()); // back to EF's savepoint
            db.ChangeTracker.Clear();
            actor = "three";
            db.Add(new Bin { Id = 2 });
            await db.SaveChangesAsync();
            actor = null;
            db.Add(new Bin { Id = 3 });
            await db.SaveChangesAsync();
            await db.Bins.ExecuteDeleteAsync();
            await transaction.CommitAsync();
        });

        Assert.Equal(
            ["I bins t/one", "I items t/two", "I bins t/three", "I bins -", "D bins -", "D bins -", "D bins -"], await stock.LogAsync());
    }

    [Fact]
    public async Task The_tenant_of_the_cache_is_the_tenant_of_the_write_and_more_can_be_said()
    {
        await using var stock = await Stock.CreateAsync(s => s
            .VaryBy("tenant", c => c.Services.GetRequiredService<Caller>().Tenant)
            .DescribeWrites(w =>
            {
                w.ActorType = "job";
                w.ActingFor = "bob \" \0";
                w.Origin = "importer";
                w.Set("reason", "import").Set("gone", "x").Set("gone", null);
                Assert.Throws<ArgumentException>(() => w.Set("actor", "x"));
            }));
        await stock.AsAsync("acme", null, db =>
        {
            db.Add(new Bin { Id = 1 });
            return db.SaveChangesAsync();
        });

        await stock.AsAsync(null, null, async db =>
        {
            var said = await db.Database.SqlQueryRaw<string>("select ctx::text as \"Value\" from fraiseql.change_event").SingleAsync();
            using var json = JsonDocument.Parse(said);
            Assert.Equal(
                new Dictionary<string, string?>
                {
                    ["tenant"] = "acme", ["actor_type"] = "job", ["acting_for"] = "bob \" ", ["origin"] = "importer", ["reason"] = "import",
                },
                json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()));
        });
    }

    [Fact]
    public async Task A_function_that_throws_fails_no_write_and_is_logged_once()
    {
        await using var stock = await Stock.CreateAsync(s => s.DescribeWrites(_ => throw new InvalidOperationException("no")));
        for (var id = 1; id <= 3; id++)
        {
            await stock.AsAsync(null, null, db =>
            {
                db.Add(new Bin { Id = id });
                return db.SaveChangesAsync();
            });
        }

        Assert.Equal(["I bins -", "I bins -", "I bins -"], await stock.LogAsync());
        Assert.Single(stock.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.WriteNotDescribed);
    }

    [Fact]
    public async Task It_can_be_turned_off()
    {
        await using var stock = await Stock.CreateAsync(Stock.ByCaller, configure: o => o.Cdc.WriteContext = false);
        await stock.AsAsync("acme", "ada", db =>
        {
            db.Add(new Bin { Id = 1 });
            return db.SaveChangesAsync();
        });

        Assert.Equal(["I bins -"], await stock.LogAsync());
    }

    [Fact]
    [Feature("U-47-tracing")]
    public async Task A_handler_continues_the_trace_of_the_write()
    {
        var seen = new List<(string Name, ActivityTraceId Trace)>();
        var trace = default(ActivityTraceId);
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is FraiseQLStateDiagnostics.ActivitySourceName or "test.writer",
            // Tests beside this one count what they allocate.
            Sample = (ref ActivityCreationOptions<ActivityContext> asked)
                => asked.Source.Name == "test.writer" || asked.Name == "fraiseql.dispatch" || (trace != default && asked.Parent.TraceId == trace)
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                lock (seen)
                {
                    seen.Add((activity.OperationName, activity.TraceId));
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test.writer");
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new TaskCompletionSource<(ChangeEvent<Post> Event, Activity? Activity)>();
        await using var node = await HandlerNode.StartAsync(database, b => b.OnEvent<Post>("post_created", (change, _, _) =>
        {
            handled.TrySetResult((change, Activity.Current));
            return Task.CompletedTask;
        }));
        string? parent;
        using (var writer = source.StartActivity("order"))
        {
            (trace, parent) = (writer!.TraceId, writer.Id);
            await using var db = HandlerNode.Context(database); // without AddFraiseQLState, as any small program
            db.Add(new Post { Id = 1 });
            await db.SaveChangesAsync();
        }

        var (change, activity) = await handled.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(parent, change.TraceParent);
        Assert.Equal(Environment.MachineName, change.Origin);
        Assert.Equal((trace, parent), (activity!.TraceId, activity.ParentId));
        foreach (var format in Enum.GetValues<EventFormat>())
        {
            Assert.Contains($"\"traceparent\":\"{parent}\"", change.ToJson(format), StringComparison.Ordinal);
        }

        await Eventually.Until(() =>
        {
            lock (seen)
            {
                return seen.Contains(("fraiseql.deliver post_created", trace)) && seen.Contains(("fraiseql.cache.invalidate", trace))
                    && seen.Any(s => s.Name == "fraiseql.dispatch");
            }
        });
    }
}
