using System.Collections.Concurrent;
using System.Diagnostics;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Cluster;

/// <summary>A hot key that has changed is read by one node for all, and nobody waits for long for one that does not come back.</summary>
[Feature("B-13-stampede-cluster")]
public sealed class LeaseTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int NodeCount = 4;
    private const int Readers = 6;
    private const int Changes = 20;

    private PostgresServer _postgres = null!;
    private string _connectionString = "";

    public async Task InitializeAsync()
    {
        _postgres = await PostgresServer.StartPrivateAsync();
        _connectionString = await _postgres.CreateDatabaseAsync();
        await Seed.CreateAsync(_connectionString);
    }

    public async Task DisposeAsync() => await _postgres.DisposeAsync();

    [Theory]
    [MemberData(nameof(SharedServers.Remote), MemberType = typeof(SharedServers))]
    [Feature("U-01-fence")]
    public async Task A_key_that_all_nodes_read_all_the_time_costs_about_one_query_a_change_and_is_never_old(string kind)
    {
        await using var server = await SharedServers.StartAsync(kind);
        var nodes = await StartAsync(server, NodeCount, o => o.Cache.L2.LeaseWait = TimeSpan.FromSeconds(20));
        using var stop = new CancellationTokenSource();
        var seen = new int[NodeCount * Readers];
        // A few of them on threads that they block, which are their own: those of the pool would be missed by the others.
        var readers = Enumerable.Range(0, NodeCount * Readers).Select(reader => reader < NodeCount
            ? Task.Factory.StartNew(() => Read(reader), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : Task.Run(() => ReadAsync(reader))).ToArray();
        await AllSeeAsync(0);
        var before = nodes.Sum(n => n.Commands.Readers);
        for (var change = 1; change <= Changes; change++)
        {
            await Seed.ExecuteAsync(_connectionString, $"UPDATE \"Posts\" SET \"Views\" = {change} WHERE \"Id\" = 1");
            await AllSeeAsync(change);
        }

        var queries = nodes.Sum(n => n.Commands.Readers) - before;
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        output.WriteLine($"{kind}: {Changes} changes, {NodeCount} nodes, {queries} queries");

        // Without leases there are about as many as nodes for each change; a machine that is busy with other tests may lose a server for a moment.
        Assert.InRange(queries, Changes, Changes * (NodeCount - 1));
        await DisposeAsync(nodes);

        async Task ReadAsync(int reader)
        {
            while (!stop.IsCancellationRequested)
            {
                Saw(reader, await ViewsAsync(nodes[reader % NodeCount]));
                await Task.Delay(1);
            }
        }

        void Read(int reader)
        {
            while (!stop.IsCancellationRequested)
            {
                Saw(reader, Views(nodes[reader % NodeCount]));
                stop.Token.WaitHandle.WaitOne(1);
            }
        }

        void Saw(int reader, int views)
        {
            Assert.True(views >= Volatile.Read(ref seen[reader]), $"{views} was read after {seen[reader]}");
            Volatile.Write(ref seen[reader], views);
        }

        Task AllSeeAsync(int change) => Eventually.Until(() =>
        {
            var failed = Array.Find(readers, r => r.IsFaulted);
            failed?.GetAwaiter().GetResult();
            return Enumerable.Range(0, seen.Length).All(reader => Volatile.Read(ref seen[reader]) == change) || failed is not null;
        });
    }

    [Theory]
    [MemberData(nameof(SharedServers.Remote), MemberType = typeof(SharedServers))]
    public async Task A_holder_that_does_not_come_back_costs_the_others_no_more_than_the_bound(string kind)
    {
        await using var server = await SharedServers.StartAsync(kind);
        var nodes = await StartAsync(server, 2, o => o.Cache.L2.LeaseWait = TimeSpan.FromMilliseconds(300));
        var (a, b) = (nodes[0], nodes[1]);
        await ViewsAsync(a);
        await ViewsAsync(b);
        await SentAsync(nodes);

        // A has the lease, its query is held, and it hangs.
        var held = new Gate();
        var isHeld = 0;
        a.Commands.AfterExecute = command => command.CommandText.Contains("\"Views\"", StringComparison.Ordinal) && Interlocked.Exchange(ref isHeld, 1) == 0
            ? held.PassAsync()
            : Task.CompletedTask;
        var waited = new ConcurrentBag<TimeSpan>();
        b.Commands.AfterExecute = _ => Task.CompletedTask;
        await Seed.ExecuteAsync(_connectionString, "UPDATE \"Posts\" SET \"Views\" = 1 WHERE \"Id\" = 1");
        var slow = Eventually.Until(async () => await ViewsAsync(a) == 1);
        await held.Arrived;
        await Eventually.Until(async () =>
        {
            var begun = Stopwatch.GetTimestamp();
            var views = await ViewsAsync(b);
            waited.Add(Stopwatch.GetElapsedTime(begun));
            return views == 1;
        });
        output.WriteLine($"{kind}: the longest read took {waited.Max().TotalMilliseconds:0} ms");
        held.Open();
        await slow;
        await DisposeAsync(nodes);
    }

    [Fact]
    public async Task A_server_that_fails_while_nodes_wait_costs_its_budget_and_the_database_answers()
    {
        await using var server = await SharedServers.StartAsync("Redis");
        await using var proxy = server.Proxy();
        var nodes = new List<Node>();
        for (var i = 0; i < 2; i++)
        {
            nodes.Add(await Node.StartAsync(_connectionString, configure: o => o.Cache.L2.LeaseWait = TimeSpan.FromSeconds(20), state: s => server.Use(s, proxy)));
        }

        foreach (var change in Enumerable.Range(1, 6))
        {
            foreach (var node in nodes)
            {
                await ViewsAsync(node);
            }

            // Bytes stop flowing, connections stay open.
            if (change % 2 == 0)
            {
                proxy.Pause();
            }

            await Seed.ExecuteAsync(_connectionString, $"UPDATE \"Posts\" SET \"Views\" = {change} WHERE \"Id\" = 1");
            foreach (var node in nodes)
            {
                await Eventually.Until(async () => await ViewsAsync(node) == change, TimeSpan.FromSeconds(10));
            }

            proxy.Restore();
        }

        await DisposeAsync(nodes);
    }

    [Theory]
    [InlineData("Redis", 0)]
    [InlineData("IDistributedCache", 20_000)]
    public async Task Without_leases_each_node_reads_for_itself(string kind, int wait)
    {
        await using var server = await SharedServers.StartAsync(kind);
        var nodes = await StartAsync(server, 2, o => o.Cache.L2.LeaseWait = TimeSpan.FromMilliseconds(wait));
        foreach (var node in nodes)
        {
            await ViewsAsync(node);
        }

        // Whoever reads is held until the other one reads too.
        var both = new CountdownEvent(2);
        var gate = new Gate();
        foreach (var node in nodes)
        {
            var first = 1;
            node.Commands.AfterExecute = command =>
            {
                if (command.CommandText.Contains("\"Views\"", StringComparison.Ordinal) && Interlocked.Exchange(ref first, 0) == 1 && both.Signal())
                {
                    gate.Open();
                }

                return gate.PassAsync();
            };
        }

        await Seed.ExecuteAsync(_connectionString, "UPDATE \"Posts\" SET \"Views\" = 1 WHERE \"Id\" = 1");
        await Task.WhenAll(nodes.Select(node => Eventually.Until(async () => await ViewsAsync(node) == 1)));
        Assert.True(both.IsSet);
        await DisposeAsync(nodes);
    }

    private async Task<List<Node>> StartAsync(SharedServers server, int count, Action<FraiseQLStateOptions> configure)
    {
        var nodes = new List<Node>();
        for (var i = 0; i < count; i++)
        {
            nodes.Add(await Node.StartAsync(
                _connectionString,
                configure: o =>
                {
                    o.Cache.L2.Timeout = TimeSpan.FromSeconds(5);
                    configure(o);
                },
                state: s => server.Use(s)));
        }

        await Seed.ExecuteAsync(_connectionString, "UPDATE \"Posts\" SET \"Views\" = 0 WHERE \"Id\" = 1");
        foreach (var node in nodes)
        {
            await Eventually.Until(async () => await ViewsAsync(node) == 0);
        }

        // A client that could not connect at once, on a busy machine, tries again later; until then each node is on its own.
        var author = 1000;
        foreach (var node in nodes.Skip(1))
        {
            await Eventually.Until(async () =>
            {
                await AuthorAsync(nodes[0], ++author);
                await SentAsync(nodes);
                return (await AuthorAsync(node, author)).Outcome == CacheOutcome.L2Hit;
            });
        }

        return nodes;
    }

    private static IQueryable<int> Query(BlogContext db) => db.Posts.Where(p => p.Id == 1).Select(p => p.Views).Cacheable(TimeSpan.FromMinutes(5));

    private static Task<(int Value, CacheOutcome Outcome)> AuthorAsync(Node node, int author)
        => node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).Cacheable(TimeSpan.FromMinutes(5)).CountAsync());

    private static async Task<int> ViewsAsync(Node node) => (await node.ReadAsync(db => Query(db).SingleAsync())).Value;

    private static int Views(Node node)
    {
        using var db = node.CreateContext();
        return Query(db).Single();
    }

    private static async Task SentAsync(List<Node> nodes)
    {
        foreach (var node in nodes)
        {
            await Eventually.Until(() => node.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.PendingWrites == 0);
        }
    }

    private static async Task DisposeAsync(List<Node> nodes)
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }
}
