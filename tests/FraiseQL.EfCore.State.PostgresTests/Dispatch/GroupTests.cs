using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

public sealed class GroupTests
{
    [Fact]
    [Feature("U-06-broadcast-vs-competing")]
    [Feature("S9.2-dont-block")]
    public async Task Every_group_handles_every_event_once_and_broadcast_handlers_do_on_each_node_though_one_group_stands_still()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var seen = new ConcurrentQueue<string>();
        var gate = new Gate();
        Action<FraiseQLStateBuilder> On(string node) => builder => builder
            .OnEvent<Post>("post_created", Note("billing", null), h => h.Competing("billing"))
            .OnEvent<Post>("post_created", Note("search", null), h => h.Competing("search"))
            .OnEvent<Post>("post_created", Note("stuck", gate), h => h.Competing("stuck"))
            .OnEvent<Post>("post_created", Note($"page {node}", null), h => h.Broadcast());
        await using var a = await StartAsync(database, On("a"), groups: 4);
        await using var b = await StartAsync(database, On("b"), groups: 1);

        await HandlerTests.ExecuteAsync(database, "insert into posts select n, 'a', 0 from generate_series(1, 2000) n");

        // More than what one group takes in at once: it reads on no further than it gets rid of.
        await Eventually.Until(() => seen.Count == 8000, state: () => seen.Count);
        foreach (var who in new[] { "billing", "search", "page a", "page b" })
        {
            Assert.Equal(2000, seen.Where(s => s.StartsWith(who + " ", StringComparison.Ordinal)).Distinct().Count());
        }

        Assert.Equal(0, await HandlerTests.CountAsync(database, "select count(*) from fraiseql.consumer where name like 'broadcast%'"));
        gate.Open();
        await Eventually.Until(() => seen.Count == 10_000, state: () => seen.Count);

        Func<ChangeEvent<Post>, ChangeContext, CancellationToken, Task> Note(string who, Gate? at) => async (change, _, _) =>
        {
            if (at is not null)
            {
                await at.PassAsync();
            }

            seen.Enqueue($"{who} {change.EntityId}");
        };
    }

    [Fact]
    [Feature("U-06-broadcast-vs-competing")]
    public async Task A_new_group_begins_now_or_with_the_oldest_event_or_after_a_position()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        string position;
        await using (var watching = await HandlerNode.StartAsync(database, static _ => { }, runsHandlers: false))
        {
            await using var items = watching.Services.GetRequiredService<IChangeFeed>().WatchAsync<Post>().GetAsyncEnumerator();
            Assert.True(await items.MoveNextAsync());
            await HandlerTests.ExecuteAsync(database, "insert into posts values (2, 'a', 0)");
            Assert.True(await items.MoveNextAsync());
            position = items.Current.Position!;
        }

        await HandlerTests.ExecuteAsync(database, "insert into posts values (3, 'a', 0)");
        var seen = new ConcurrentQueue<string>();
        await using var node = await StartAsync(
            database,
            builder => builder
                .OnEvent<Post>("post_created", Note("now"), h => h.Competing("now"))
                .OnEvent<Post>("post_created", Note("all"), h => h.Competing("all")).ConfigureHandlers("all", o => o.StartAtBeginning = true)
                .OnEvent<Post>("post_created", Note("after"), h => h.Competing("after")).ConfigureHandlers("after", o => o.StartAfter = position),
            groups: 3);
        await HandlerTests.ExecuteAsync(database, "insert into posts values (4, 'a', 0)");
        await Eventually.Until(() => seen.Count == 7);

        Assert.Equal(["after 3", "after 4", "all 1", "all 2", "all 3", "all 4", "now 4"], seen.Order());

        Func<ChangeEvent<Post>, ChangeContext, CancellationToken, Task> Note(string who) => (change, _, _) =>
        {
            seen.Enqueue($"{who} {change.Payload.GetProperty("id").GetInt32()}");
            return Task.CompletedTask;
        };
    }

    [Fact]
    [Feature("S2.4-inbox")]
    [Feature("S2.4-idempotent")]
    [Feature("S9.2-do-idempotent")]
    public async Task With_an_inbox_an_event_that_comes_again_has_its_effect_once_and_a_failed_attempt_has_none()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var calls = 0;
        var marked = new ConcurrentQueue<bool>();
        Action<FraiseQLStateBuilder> handlers = builder => builder
            .OnEvent<Post>(
                "post_created",
                async (change, context, token) =>
                {
                    Interlocked.Increment(ref calls);
                    var db = context.Services.GetRequiredService<ShopContext>();
                    await db.Orders.Where(o => o.Id == 1).ExecuteUpdateAsync(set => set.SetProperty(o => o.Note, o => o.Note + change.Payload.GetProperty("id").GetRawText()), token);
                    Assert.False(await context.AlreadyProcessedAsync(token));
                    if (context.Attempt == 1)
                    {
                        throw new InvalidOperationException("after the effect");
                    }
                },
                h => h.WithInbox("count"))
            .OnEvent<Post>("post_created", async (_, context, token) =>
            {
                marked.Enqueue(await context.AlreadyProcessedAsync(token));
                await context.MarkProcessedAsync(token);
            });
        await HandlerTests.ExecuteAsync(database, "insert into orders values (1, 'Open', '')");
        await using (var first = await HandlerNode.StartAsync(database, handlers))
        {
            await HandlerTests.ExecuteAsync(database, "insert into posts values (7, 'a', 0)");
            await Eventually.Until(() => marked.Count == 1);
            await first.StopAsync();
        }

        // As after a crash before the checkpoint.
        await HandlerTests.ExecuteAsync(database, "update fraiseql.consumer set position = '1:1:', window_end = null, seq = 0");
        await using (var second = await HandlerNode.StartAsync(database, handlers))
        {
            await Eventually.Until(() => marked.Count == 2);
        }

        Assert.Equal([false, true], marked);
        Assert.Equal(2, calls);
        await using var db = HandlerNode.Context(database);
        Assert.Equal("7", (await db.Orders.SingleAsync()).Note);
        Assert.Equal(2, await HandlerTests.CountAsync(database, "select count(*) from fraiseql.inbox where consumer = 'handlers:ShopContext'"));
    }

    private static async Task<HandlerNode> StartAsync(string database, Action<FraiseQLStateBuilder> handlers, int groups)
    {
        var node = await HandlerNode.StartAsync(database, handlers, runsHandlers: false);
        await Eventually.Until(() => node.Said(FraiseQLStateEventId.HandlersTaken) == groups);
        return node;
    }
}
