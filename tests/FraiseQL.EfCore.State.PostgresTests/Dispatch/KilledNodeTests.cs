using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

/// <summary>A node that is a process of its own, and is killed, or stands still, between the effect of a handler and the checkpoint.</summary>
public sealed class KilledNodeTests
{
    private const int Poison = 5;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Feature("S2.4-at-least-once")]
    [Feature("S2.4-inbox")]
    [Feature("U-07-lease")]
    [Feature("S9.2-dont-lose")]
    public async Task What_a_killed_or_paused_process_had_in_hand_is_done_by_another_again_or_with_an_inbox_once(bool isPaused)
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await HandlerTests.ExecuteAsync(database, "create table effects (id bigint generated always as identity, who text, node text, post int, version int)");
        using var child = Process.Start(new ProcessStartInfo("dotnet", [typeof(KilledNodeTests).Assembly.Location, "handler-node", database]))!;
        try
        {
            await Eventually.Until(async () => await HandlerTests.CountAsync(database, "select count(*) from fraiseql.consumer where owner is not null") == 2);
            for (var version = 0; version < 3; version++)
            {
                await HandlerTests.ExecuteAsync(
                    database,
                    version == 0 ? "insert into posts select n, '', 0 from generate_series(1, 10) n" : $"update posts set version = {version}");
            }

            // It hangs in both handlers of this post, with the effect made and nothing checkpointed behind it.
            await Eventually.Until(async () => await HandlerTests.CountAsync(database, $"select count(*) from effects where who = 'plain' and post = {Poison}") == 1);
            await Eventually.Until(async () => await HandlerTests.CountAsync(
                database, "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'") == 1);
            await using var b = await HandlerNode.StartAsync(database, builder => Handlers(builder, "b", Poison + 1000), runsHandlers: false);
            Assert.Equal(0, b.Said(FraiseQLStateEventId.HandlersTaken));
            if (isPaused)
            {
                // It keeps its connections, and the locks of its transaction.
                await FaultTests.SignalAsync(child, "STOP");
            }
            else
            {
                child.Kill();
                await child.WaitForExitAsync();
            }

            await Eventually.Until(() => b.Said(FraiseQLStateEventId.HandlersTaken) == 2);
            await Eventually.Until(async () => await HandlerTests.CountAsync(database, "select count(*) from effects where who = 'once'") >= 30);
            await Eventually.Until(async () => await HandlerTests.CountAsync(database, "select count(distinct (post, version)) from effects where who = 'plain'") == 30);
        }
        finally
        {
            child.Kill();
        }

        Assert.Equal(30, await HandlerTests.CountAsync(database, "select count(*) from effects where who = 'once'"));
        Assert.True(await HandlerTests.CountAsync(database, $"select count(*) from effects where who = 'plain' and post = {Poison} and version = 0") >= 2);

        // Each node has done each entity's events in their order.
        Assert.Equal(0, await HandlerTests.CountAsync(
            database,
            """
            select count(*) from effects later join effects earlier
              on earlier.who = later.who and earlier.node = later.node and earlier.post = later.post and earlier.version > later.version and earlier.id < later.id
            """));
    }

    /// <summary>The life of the process that is killed.</summary>
    internal static async Task RunNodeAsync(string database)
    {
        await using var node = await HandlerNode.StartAsync(database, builder => Handlers(builder, "a", Poison), runsHandlers: false);
        await Task.Delay(Timeout.Infinite);
    }

    private static void Handlers(FraiseQLStateBuilder builder, string node, int hangsAt)
    {
        builder.OnEvent<Post>(ChangeKind.Created, (e, c, t) => HandleAsync("plain", e, c, t), h => h.Competing("plain"))
            .OnEvent<Post>(ChangeKind.Updated, (e, c, t) => HandleAsync("plain", e, c, t), h => h.Competing("plain"))
            .OnEvent<Post>(ChangeKind.Created, (e, c, t) => HandleAsync("once", e, c, t), h => h.Competing("once").WithInbox())
            .OnEvent<Post>(ChangeKind.Updated, (e, c, t) => HandleAsync("once", e, c, t), h => h.Competing("once").WithInbox());

        async Task HandleAsync(string who, ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
        {
            var post = change.Entity!;
            var db = context.Services.GetRequiredService<ShopContext>();
            await db.Database.ExecuteSqlAsync(
                $"insert into effects (who, node, post, version) values ({who}, {node}, {post.Id}, {post.Version})", cancellationToken);
            if (post.Id == hangsAt)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        }
    }
}
