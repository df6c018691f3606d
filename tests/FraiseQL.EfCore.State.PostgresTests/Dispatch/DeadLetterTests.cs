using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

[Feature("U-24-dlq")]
public sealed class DeadLetterTests
{
    [Fact]
    public async Task Parked_events_are_listed_and_handled_in_their_order_when_somebody_asks_also_after_a_restart_and_without_the_log()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var isBroken = true;
        var handled = new Handled
        {
            Before = (change, _, _) => change.EntityId == "post-2" && Volatile.Read(ref isBroken)
                ? throw new InvalidOperationException("broken")
                : Task.CompletedTask,
        };
        await using (var node = await HandlerNode.StartAsync(database, handled.On("a"), o => o.Retry.Attempts = 2))
        {
            await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0), (2, 'a', 0)");
            await HandlerTests.ExecuteAsync(database, "update posts set title = 'b'");
            await HandlerTests.ExecuteAsync(database, "update posts set title = 'c'");
            await Eventually.Until(() => handled.Count == 3);
            var letters = node.Services.GetRequiredService<IDeadLetters>();
            await Eventually.Until(async () => await letters.CountAsync() == 3);
            var list = await letters.ListAsync("handlers:ShopContext");
            Assert.Equal([2, 0, 0], list.Select(l => l.Attempts));
            Assert.All(list, l => Assert.Equal(("handlers:ShopContext", "Post", false), (l.Group, l.EntityType, l.IsRetryRequested)));
            Assert.Contains("broken", list[0].Error, StringComparison.Ordinal);
            Assert.Single(await letters.ListAsync(limit: 1));
            Assert.Equal(0, await letters.CountAsync("another"));

            // Still broken: it fails, and the ones behind it keep waiting.
            Assert.Equal(3, await letters.RetryAsync(list[1]));
            await Eventually.Until(async () => (await letters.ListAsync())[0] is { Attempts: > 2, IsRetryRequested: false });
            Assert.Equal(3, await letters.CountAsync());
            Assert.Empty(handled.Of(2));
        }

        Volatile.Write(ref isBroken, false);
        await HandlerTests.ExecuteAsync(database, "delete from fraiseql.change_event");
        await using var next = await HandlerNode.StartAsync(database, handled.On("b"));
        var remaining = next.Services.GetRequiredService<IDeadLetters>();
        Assert.Equal([3, 0], (await Task.WhenAll(remaining.RetryAllAsync(), remaining.RetryAllAsync())).OrderDescending());
        await Eventually.Until(async () => await remaining.CountAsync() == 0);
        await HandlerTests.ExecuteAsync(database, "delete from posts where id = 2");
        await Eventually.Until(() => handled.Of(2).Count == 4);
        Assert.Equal(["post_created", "post_updated", "post_updated", "post_deleted"], handled.Of(2));
    }

    [Fact]
    public async Task A_letter_can_be_skipped_and_all_can_be_purged()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled
        {
            Before = (change, _, _) => change.Kind == ChangeKind.Created ? throw new InvalidOperationException("broken") : Task.CompletedTask,
        };
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"), o => o.Retry.Attempts = 1);
        var letters = node.Services.GetRequiredService<IDeadLetters>();
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0), (2, 'a', 0)");
        await HandlerTests.ExecuteAsync(database, "update posts set title = 'b'");
        await Eventually.Until(async () => await letters.CountAsync() == 4);
        var first = (await letters.ListAsync()).First(l => l.Key.Contains('1', StringComparison.Ordinal));

        Assert.True(await letters.SkipAsync(first));
        Assert.False(await letters.SkipAsync(first));
        await Eventually.Until(() => handled.Of(1).Count == 1);
        await Eventually.Until(async () => await letters.CountAsync() == 2);
        Assert.Equal(2, await letters.PurgeAsync());
        await HandlerTests.ExecuteAsync(database, "update posts set title = 'c'");
        await Eventually.Until(() => handled.Count == 3);
        Assert.Equal(["post_updated"], handled.Of(2));
        Assert.Equal(["post_updated", "post_updated"], handled.Of(1));
    }

    [Fact]
    [Feature("S7.1-delivery")]
    [Feature("S7.1-event-latency")]
    public async Task What_was_handled_tried_again_and_parked_is_counted_by_group()
    {
        using var handled = new MetricCollector<long>(null, FraiseQLStateDiagnostics.MeterName, "fraiseql.changes.handled");
        using var durations = new MetricCollector<double>(null, FraiseQLStateDiagnostics.MeterName, "fraiseql.changes.delivery.duration");
        var group = $"metered {Guid.NewGuid():n}";
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await HandlerNode.StartAsync(
            database,
            builder => builder.OnEvent<Post>(
                "post_created",
                (change, _, _) => change.EntityId == "post-2" ? throw new InvalidOperationException("broken") : Task.CompletedTask,
                h => h.Competing(group)),
            o => o.Retry.Attempts = 3);
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0), (2, 'a', 0), (3, 'a', 0)");

        await Eventually.Until(() => Counted("parked") == 1 && Counted("handled") == 2);
        Assert.Equal(2, Counted("retried"));
        Assert.Equal(2, durations.GetMeasurementSnapshot().Count(m => Equals(m.Tags["fraiseql.handlers.group"], group)));

        long Counted(string result) => handled.GetMeasurementSnapshot()
            .Where(m => Equals(m.Tags["fraiseql.handlers.group"], group) && Equals(m.Tags["fraiseql.handlers.result"], result)).Sum(m => m.Value);
    }
}
