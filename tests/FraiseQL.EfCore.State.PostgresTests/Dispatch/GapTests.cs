using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

/// <summary>Events that a group does not get are said to be missing, and end nothing else.</summary>
public sealed class GapTests
{
    [Fact]
    [Feature("S9.2-dont-lose")]
    public async Task A_group_that_the_log_no_longer_waited_for_is_told_so_and_begins_at_its_end()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        await using (var node = await HandlerNode.StartAsync(database, handled.On("a")))
        {
            await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
            await Eventually.Until(() => handled.Count == 1);
        }

        await HandlerTests.ExecuteAsync(database, "insert into posts values (2, 'lost', 0)");
        await HandlerTests.ExecuteAsync(database, "select fraiseql.prune('0 s', '1 day', 1000)");
        Assert.Equal(0, await CountAsync(database, "select count(*) from fraiseql.consumer where expired_at is not null"));
        Assert.Equal(1, await CountAsync(database, "select count(*) from fraiseql.change_event where key ->> 'id' = '2'"));

        // Transactions of other tests may hold the removal back, and not the mark.
        await Eventually.Until(async () =>
        {
            await HandlerTests.ExecuteAsync(database, "select fraiseql.prune('0 s', '0 s', 1000)");
            return await CountAsync(database, "select count(*) from fraiseql.change_event") == 0;
        });
        Assert.Equal(1, await CountAsync(database, "select count(*) from fraiseql.consumer where expired_at is not null"));

        await using var late = await HandlerNode.StartAsync(database, handled.On("b"));
        await Eventually.Until(() => late.Said(FraiseQLStateEventId.HandlersGap) == 1);
        await HandlerTests.ExecuteAsync(database, "insert into posts values (3, 'c', 0)");
        await Eventually.Until(() => handled.Of(3).Count == 1);
        Assert.Empty(handled.Of(2));
        await Eventually.Until(async () => await CountAsync(database, "select count(*) from fraiseql.consumer where expired_at is not null") == 0);
    }

    [Fact]
    [Feature("U-06-broadcast-vs-competing")]
    public async Task A_broadcast_handler_that_fails_leaves_the_event_out_and_goes_on_with_the_entity()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var seen = new List<string>();
        await using var node = await HandlerNode.StartAsync(
            database,
            b => b.OnEvent<Post>(
                ChangeKind.Updated,
                (change, _, _) =>
                {
                    lock (seen)
                    {
                        seen.Add(change.Payload.GetProperty("title").GetString()!);
                    }

                    return change.Payload.GetProperty("title").GetString() == "bad" ? throw new InvalidOperationException("broken") : Task.CompletedTask;
                },
                h => h.Broadcast()),
            o => o.Retry.Attempts = 2);
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        await HandlerTests.ExecuteAsync(database, "update posts set title = 'bad'");
        await HandlerTests.ExecuteAsync(database, "update posts set title = 'good'");

        await Eventually.Until(() => node.Said(FraiseQLStateEventId.HandlerGaveUp) == 1);
        await Eventually.Until(() =>
        {
            lock (seen)
            {
                return seen.SequenceEqual(["bad", "bad", "good"]);
            }
        });
        Assert.Equal(0, await CountAsync(database, "select count(*) from fraiseql.parked"));
    }

    private static async Task<long> CountAsync(string database, string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
