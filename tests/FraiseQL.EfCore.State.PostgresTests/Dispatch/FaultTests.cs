using System.Diagnostics;
using FraiseQL.EfCore.State.PostgresTests.Policies;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

/// <summary>
/// Two nodes that are processes of their own, while writers go on: a node is killed and replaced, one is paused for longer than its lease, connections are
/// cut, the server crashes, and the nodes' clocks jump by a day all the time.
/// </summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    private const int Rows = 12;

    private static readonly TimeSpan s_longerThanTheLease = TimeSpan.FromSeconds(2.5);

    [Fact]
    [Feature("S9.2-do-test-db-down")]
    [Feature("S9.2-dont-lose")]
    [Feature("U-07-lease")]
    [Feature("S2.4-inbox")]
    public async Task Killed_paused_and_cut_off_nodes_a_crashed_server_and_jumping_clocks_lose_and_reorder_nothing()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        var database = await server.CreateDatabaseAsync();
        await using (var db = HandlerNode.Context(database))
        {
            await db.Database.EnsureCreatedAsync();
        }

        await HandlerTests.ExecuteAsync(database, "create table effects (id bigint generated always as identity, who text, node text, post int, version int)");
        await HandlerTests.ExecuteAsync(database, $"insert into posts select n, '', 0 from generate_series(1, {Rows}) n");
        using var end = new CancellationTokenSource();
        var nodes = new List<Process> { Start(database, "a"), Start(database, "b") };
        try
        {
            await Eventually.Until(async () => await HandlerTests.CountAsync(database, "select count(*) from fraiseql.consumer where owner is not null") == 2);
            var writers = Enumerable.Range(0, 3).Select(_ => Task.Run(() => WriteAsync(database, end.Token))).ToArray();
            await HandledMoreAsync(database);

            await SignalAsync(nodes[0], "STOP");
            await Task.Delay(s_longerThanTheLease);
            await HandledMoreAsync(database);
            await SignalAsync(nodes[0], "CONT");

            await HandlerTests.CountAsync(
                database, "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and application_name like '%fraiseql-%'");
            await HandledMoreAsync(database);

            nodes[1].Kill();
            await nodes[1].WaitForExitAsync();
            nodes.Add(Start(database, "c"));
            await HandledMoreAsync(database);

            await server.StopAsync(crash: true);
            NpgsqlConnection.ClearAllPools();
            await server.StartAsync();
            await HandledMoreAsync(database);

            nodes[0].Kill();
            await HandledMoreAsync(database);
            await end.CancelAsync();
            await Task.WhenAll(writers);

            var updates = await HandlerTests.CountAsync(database, "select sum(version) from posts");
            await Eventually.Until(
                async () => await HandlerTests.CountAsync(database, "select count(distinct (post, version)) from effects where who = 'plain'") == updates
                    && await HandlerTests.CountAsync(database, "select count(distinct (post, version)) from effects where who = 'once'") == updates,
                TimeSpan.FromSeconds(60));
            output.WriteLine(
                $"{updates} updates, {await HandlerTests.CountAsync(database, "select count(*) from effects where who = 'plain'")} deliveries without an inbox, "
                + $"{await HandlerTests.CountAsync(database, "select count(*) from effects where who = 'once'")} effects with one");
            Assert.Equal(updates, await HandlerTests.CountAsync(database, "select count(*) from effects where who = 'once'"));
        }
        finally
        {
            await end.CancelAsync();
            nodes.ForEach(node =>
            {
                node.Kill();
                node.Dispose();
            });
        }

        // Whoever did it, with an inbox each entity's effects are in order, and so are each node's own.
        Assert.Equal(0, await HandlerTests.CountAsync(database, Disorder("once", "true")));
        Assert.Equal(0, await HandlerTests.CountAsync(database, Disorder("plain", "earlier.node = later.node")));
        Assert.Equal(0, await HandlerTests.CountAsync(database, "select count(*) from fraiseql.parked"));
    }

    /// <summary>The life of a process: handles until it is killed, with a clock that jumps.</summary>
    internal static async Task RunNodeAsync(string database, string name)
    {
        var time = new AdjustableTime();
        await using var node = await HandlerNode.StartAsync(
            database,
            builder => builder
                .OnEvent<Post>(ChangeKind.Updated, (e, c, t) => HandleAsync("plain", e, c, t), h => h.Competing("plain"))
                .OnEvent<Post>(ChangeKind.Updated, (e, c, t) => HandleAsync("once", e, c, t), h => h.Competing("once").WithInbox()),
            runsHandlers: false,
            configure: cdc => cdc.Retry.Attempts = 1000,
            services: services => services.AddSingleton<TimeProvider>(time));
        for (var day = 1; ; day = -day)
        {
            time.Shift = TimeSpan.FromDays(day);
            await Task.Delay(700);
        }

        async Task HandleAsync(string who, ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
        {
            var (id, version) = (change.Payload.GetProperty("id").GetInt32(), change.Payload.GetProperty("version").GetInt32());
            await context.Services.GetRequiredService<ShopContext>().Database.ExecuteSqlAsync(
                $"insert into effects (who, node, post, version) values ({who}, {name}, {id}, {version})", cancellationToken);
        }
    }

    private static string Disorder(string who, string where) =>
        $"""
        select count(*) from (select node, post, version, min(id) as id from effects where who = '{who}' group by node, post, version) later
          join (select node, post, version, min(id) as id from effects where who = '{who}' group by node, post, version) earlier
            on {where} and earlier.post = later.post and earlier.version > later.version and earlier.id < later.id
        """;

    private static Process Start(string database, string name)
        => Process.Start(new ProcessStartInfo("dotnet", [typeof(FaultTests).Assembly.Location, "fault-node", database, name]))!;

    internal static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    // Both groups have handled what was written after this call.
    private static async Task HandledMoreAsync(string database)
    {
        var before = 0L;
        await Eventually.Until(async () => (before = await SomeAsync(database, "select coalesce(sum(version), 0) from posts")) >= 0);
        foreach (var who in new[] { "plain", "once" })
        {
            await Eventually.Until(
                async () => await SomeAsync(database, $"select count(distinct (post, version)) from effects where who = '{who}'") > before, TimeSpan.FromSeconds(60));
        }
    }

    private static async Task<long> SomeAsync(string database, string sql)
    {
        try
        {
            return await HandlerTests.CountAsync(database, sql);
        }
        catch (NpgsqlException)
        {
            return -1;
        }
    }

    private static async Task WriteAsync(string database, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await HandlerTests.ExecuteAsync(database, $"update posts set version = version + 1 where id = {Random.Shared.Next(1, Rows + 1)}");
                await Task.Delay(10, end);
            }
            catch (NpgsqlException)
            {
                // The server is down, or was when this was sent: what became of it, the table knows.
                await Task.Delay(50, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
