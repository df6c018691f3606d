using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

public sealed class HandlerFailureTests(ITestOutputHelper output)
{
    [Fact]
    [Feature("S2.4-at-least-once")]
    public async Task Changes_of_a_time_without_any_node_are_handled_by_the_next_one()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        await using (var first = await HandlerNode.StartAsync(database, handled.On("a")))
        {
            await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
            await Eventually.Until(() => handled.Count == 1);
        }

        await HandlerTests.ExecuteAsync(database, "update posts set title = 'b'");
        await using var second = await HandlerNode.StartAsync(database, handled.On("b"));
        await HandlerTests.ExecuteAsync(database, "delete from posts");
        await Eventually.Until(() => handled.Count == 3);
        Assert.Equal(["post_created", "post_updated", "post_deleted"], handled.Of(1));
    }

    [Fact]
    [Feature("S2.4-at-least-once")]
    public async Task A_node_that_stops_finishes_what_is_in_hand_and_leaves_the_rest_to_another_without_doubling()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var gate = new Gate();
        var handled = new Handled { Before = (change, _, _) => change.EntityId == "post-1" ? gate.PassAsync() : Task.CompletedTask };
        await using var a = await HandlerNode.StartAsync(database, handled.On("a"));
        await using var b = await HandlerNode.StartAsync(database, handled.On("b"), runsHandlers: false);
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        await gate.Arrived;
        await HandlerTests.ExecuteAsync(database, "update posts set title = 'b'");

        // Longer than the lease: it must be kept while the handler finishes.
        var stopping = a.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        Assert.False(stopping.IsCompleted);
        Assert.False(b.RunsHandlers);
        gate.Open();
        await stopping;
        await Eventually.Until(() => b.RunsHandlers);
        await Eventually.Until(() => handled.Count == 2);
        await HandlerTests.ExecuteAsync(database, "update posts set title = 'c'");
        await Eventually.Until(() => handled.Count == 3);
        Assert.Equal(3, handled.Events.Select(e => e.Seq).Distinct().Count());
        Assert.Equal(["post_created", "post_updated", "post_updated"], handled.Of(1));
    }

    [Fact]
    [Feature("S2.4-at-least-once")]
    [Feature("U-07-lease")]
    [Feature("S9.2-do-test-partition")]
    public async Task A_node_that_vanishes_with_its_lease_is_replaced_and_what_it_had_in_hand_comes_again()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var server = new NpgsqlConnectionStringBuilder(database);
        await using var proxy = FaultyProxy.Start(server.Host!, server.Port);
        var reached = new NpgsqlConnectionStringBuilder(database) { Host = "127.0.0.1", Port = proxy.Port }.ConnectionString;
        var hanging = new Gate();
        var attempts = 0;
        var handled = new Handled
        {
            Before = (change, _, token) => Interlocked.Increment(ref attempts) == 1
                ? Task.WhenAll(hanging.PassAsync(), Task.Delay(Timeout.Infinite, token))
                : Task.CompletedTask,
        };
        await using var a = await HandlerNode.StartAsync(reached, handled.On("a"));
        await using var b = await HandlerNode.StartAsync(database, handled.On("b"), runsHandlers: false);
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        await hanging.Arrived;
        hanging.Open();

        // The network swallows everything: node a neither answers nor closes its connections.
        proxy.Pause();
        await Eventually.Until(() => b.RunsHandlers);
        await Eventually.Until(() => handled.Count == 1);
        Assert.Equal(["b"], handled.Nodes);

        proxy.Restore();
        await HandlerTests.ExecuteAsync(database, "update posts set title = 'b'");
        await Eventually.Until(() => handled.Count == 2);
        await Eventually.Until(() => a.Said(FraiseQLStateEventId.HandlersLost) + a.Said(FraiseQLStateEventId.HandlersInterrupted) > 0);
        Assert.Equal(["post_created", "post_updated"], handled.Of(1));
        Assert.Equal(["b"], handled.Nodes);
        Assert.True(b.RunsHandlers);
    }

    [Fact]
    [Feature("U-07-lease")]
    public async Task An_owner_that_was_replaced_can_neither_checkpoint_nor_park()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var runtime = new StateRuntime(new FraiseQLStateOptions(), TimeProvider.System, NullLoggerFactory.Instance, l2: null, hasListener: false);
        await using var one = new SerialConnection(await OpenAsync(database));
        await using var two = new SerialConnection(await OpenAsync(database));
        var state = await one.RunAsync(c => LogIdentityQuery.ReadAsync(c, default), default);
        var old = new HandlerGroup(one, "g", "old", runtime);
        var next = new HandlerGroup(two, "g", "next", runtime);
        await old.EnsureAsync(state, default);
        await next.EnsureAsync(state, default);

        var (place, systemId) = (await old.TryTakeAsync(default))!.Value;
        Assert.Equal(state.Identity.Log, systemId);
        Assert.Null(await next.TryTakeAsync(default));
        await old.CheckpointAsync(place with { To = state.Snapshot, Seq = 7 }, default);
        await HandlerTests.ExecuteAsync(database, "update fraiseql.consumer set lease_until = clock_timestamp() - interval '1 ms'");
        var taken = (await next.TryTakeAsync(default))!.Value;
        Assert.Equal(new LogPlace(place.From, state.Snapshot, 7), taken.Place);

        var delivery = new Delivery(
            new EventRecord(
                new ChangeRecord(9, 9, default, "Post", "public.posts", ChangeKind.Created, """{"id": 1}""", null, null, null, null),
                new EventShape("post", ["id"], false, null, []), "e"),
            [], taken.Place);
        await Assert.ThrowsAsync<LeaseLostException>(() => old.CheckpointAsync(place, default));
        await Assert.ThrowsAsync<LeaseLostException>(() => old.ReleaseAsync(place, default));
        await Assert.ThrowsAsync<LeaseLostException>(() => old.ParkAsync(delivery, "x", default));
        await Assert.ThrowsAsync<LeaseLostException>(() => old.ParkBehindAsync(delivery, default));
        Assert.Equal(0, await HandlerTests.CountAsync(database, "select count(*) from fraiseql.parked"));
        Assert.Equal(7, await HandlerTests.CountAsync(database, "select seq from fraiseql.consumer where name = 'g'"));

        await next.ParkAsync(delivery, "x", default);
        await next.ParkAsync(delivery, "x", default);
        Assert.True(await next.ParkBehindAsync(delivery, default));
        Assert.Equal(1, await HandlerTests.CountAsync(database, "select count(*) from fraiseql.parked"));
    }

    [Fact]
    public async Task A_position_of_another_log_is_an_explicit_gap_and_not_a_silent_one()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await HandlerTests.ExecuteAsync(
            database, "insert into fraiseql.consumer (name, position, system_id) values ('handlers:ShopContext', '1:1:', 'another server')");
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'before', 0)");
        var handled = new Handled();
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"));
        Assert.Equal(1, node.Said(FraiseQLStateEventId.HandlersGap));
        await HandlerTests.ExecuteAsync(database, "insert into posts values (2, 'after', 0)");
        await Eventually.Until(() => handled.Count == 1);
        Assert.Equal("post-2", handled.Events[0].EntityId);
    }

    [Fact]
    [Feature("S2.3-interleave")]
    [Feature("S2.4-at-least-once")]
    public async Task Nothing_is_lost_or_out_of_order_while_writers_overlap_and_the_connections_of_the_nodes_are_killed()
    {
        const int Rows = 20;
        var database = await HandlerNode.CreateDatabaseAsync();
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var seen = new ConcurrentDictionary<int, int>();
        var skipped = new ConcurrentQueue<string>();
        var deliveries = 0;
        void Handlers(FraiseQLStateBuilder builder) => builder.OnEvent<Post>("post_updated", async (change, _, token) =>
        {
            var (id, version) = (change.Payload.GetProperty("id").GetInt32(), change.Payload.GetProperty("version").GetInt32());
            await Task.Yield();
            Interlocked.Increment(ref deliveries);
            var last = seen.GetValueOrDefault(id);
            if (version > last + 1)
            {
                skipped.Enqueue($"post {id}: {version} after {last}");
            }

            token.ThrowIfCancellationRequested();
            seen[id] = Math.Max(last, version);
        });

        await HandlerTests.ExecuteAsync(database, $"insert into posts select n, '', 0 from generate_series(1, {Rows}) n");
        await using var a = await HandlerNode.StartAsync(database, Handlers);
        await using var b = await HandlerNode.StartAsync(database, Handlers, runsHandlers: false);
        var writing = Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(() => WriteAsync(database, new Random(seed + n), Rows))));
        while (!writing.IsCompleted)
        {
            await Task.Delay(700);
            await HandlerTests.CountAsync(
                database, "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and application_name like '%fraiseql-%'");
        }

        await writing;
        await using var db = HandlerNode.Context(database);
        var versions = db.Posts.ToDictionary(p => p.Id, p => p.Version);
        await Eventually.Until(
            () => versions.All(p => seen.GetValueOrDefault(p.Key) == p.Value), TimeSpan.FromSeconds(60),
            () => string.Join(", ", versions.Where(p => seen.GetValueOrDefault(p.Key) != p.Value)));
        output.WriteLine($"{versions.Values.Sum()} updates, {deliveries} deliveries");
        Assert.Empty(skipped);
        Assert.True(versions.Values.Sum() > 200);
    }

    private static async Task WriteAsync(string database, Random random, int rows)
    {
        var start = TimeProvider.System.GetTimestamp();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using (var settings = new NpgsqlCommand("set deadlock_timeout = '5ms'; set synchronous_commit = off", connection))
        {
            await settings.ExecuteNonQueryAsync();
        }

        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(4))
        {
            await using var transaction = await connection.BeginTransactionAsync();
            try
            {
                for (var n = random.Next(1, 4); n > 0; n--)
                {
                    await using var command = new NpgsqlCommand("update posts set version = version + 1 where id = $1", connection);
                    command.Parameters.AddWithValue(random.Next(1, rows + 1));
                    await command.ExecuteNonQueryAsync();
                }

                await Task.Delay(random.Next(10));
                if (random.Next(5) > 0)
                {
                    await transaction.CommitAsync();
                }
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected)
            {
                // Two writers met over two rows.
            }
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return connection;
    }
}
