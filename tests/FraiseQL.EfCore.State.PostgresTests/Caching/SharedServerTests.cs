using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Two nodes with a shared server of each kind between them, well and unwell.</summary>
public sealed class SharedServerTests : BlogDatabaseTests
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);
    public static TheoryData<string, string> Faults
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var fault in new[] { "refused", "silent", "slow", "reset", "garbage" })
            {
                all.Add("Redis", fault);
                all.Add("Memcached", fault);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(SharedServers.Kinds), MemberType = typeof(SharedServers))]
    [Feature("S1.1-l2-shared")]
    [Feature("S1.1-l2-redis")]
    [Feature("S1.1-l2-memcached")]
    [Feature("S1.1-l1-per-instance")]
    [Feature("S1.1-l3-database")]
    [Feature("S1.1-order")]
    [Feature("S5.1-check-l1")]
    [Feature("S5.1-check-l2")]
    [Feature("S5.1-promote")]
    [Feature("S5.1-populate-both")]
    public async Task Levels_are_asked_in_order_and_filled_on_the_way_back(string kind)
    {
        await using var server = await SharedServers.StartAsync(kind);
        await using var a = await StartAsync(s => server.Use(s));
        await using var b = await StartAsync(s => server.Use(s));

        // Neither level has it: one command, and both are filled.
        var commands = a.Commands.Readers;
        var first = await ReadAsync(a, 1);
        Assert.Equal((CacheOutcome.Miss, commands + 1), (first.Outcome, a.Commands.Readers));
        Assert.Equal(CacheOutcome.L1Hit, (await ReadAsync(a, 1)).Outcome);
        await ReadAsync(a, 2);
        await SentAsync(a);

        // The other node's memory has nothing, the shared server has: no command, no connection, and then its own memory.
        commands = b.Commands.Readers;
        var opened = b.Commands.Connections.Opened;
        var shared = await ReadAsync(b, 1);
        Assert.Equal(CacheOutcome.L2Hit, shared.Outcome);
        Assert.Equal(first.Value.Select(p => (p.Id, p.Title, p.PublishedAt)), shared.Value.Select(p => (p.Id, p.Title, p.PublishedAt)));
        Assert.Equal(CacheOutcome.L1Hit, (await ReadAsync(b, 1)).Outcome);
        Assert.Equal((CacheOutcome.L2Hit, 4), Read(b, 2));
        Assert.Equal((CacheOutcome.L1Hit, 4), Read(b, 2));
        Assert.Equal((commands, opened), (b.Commands.Readers, b.Commands.Connections.Opened));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    [Feature("S0-cache-is-optimization")]
    [Feature("S3.3-redis-unreachable")]
    [Feature("S9.1-dont-ignore-stale")]
    public async Task Whatever_happens_to_the_server_queries_answer_commits_succeed_and_nothing_is_stale(string kind, string fault)
    {
        await using var server = await SharedServers.StartAsync(kind);
        await using var proxy = server.Proxy();
        await using var a = await StartAsync(s => server.Use(s, proxy), o => o.Cache.L2.Timeout = TimeSpan.FromMilliseconds(100));
        await using var b = await StartAsync(s => server.Use(s, proxy));
        await ReadAsync(b, 1);
        await SentAsync(b);

        Break(proxy, fault);
        for (var i = 0; i < 10; i++)
        {
            // Keys that nobody has asked for before go to the server, whatever state it is in, and then to the database.
            Assert.Empty((await ReadAsync(a, 1000 + i)).Value);
            Assert.Equal(0, Read(a, 2000 + i).Count);
        }

        await a.WriteAsync(async db =>
        {
            (await db.Posts.OrderBy(p => p.Id).FirstAsync(p => p.AuthorId == 1)).Title = "changed meanwhile";
            await db.SaveChangesAsync();
        });
        Assert.Contains((await ReadAsync(a, 1)).Value, p => p.Title == "changed meanwhile");
        Assert.Equal(4, Read(a, 2).Count);
        await Eventually.Until(async () => (await ReadAsync(b, 1)).Value.Exists(p => p.Title == "changed meanwhile"));

        // What is on the server is from before the change; once it is reachable, it must not come back.
        proxy.Restore();
        var unknown = 5000;
        await Eventually.Until(async () =>
        {
            Assert.Contains((await ReadAsync(a, 1)).Value, p => p.Title == "changed meanwhile");
            Assert.Contains((await ReadAsync(b, 1)).Value, p => p.Title == "changed meanwhile");
            await ReadAsync(a, unknown);
            await SentAsync(a);
            return (await ReadAsync(b, unknown++)).Outcome == CacheOutcome.L2Hit;
        });
    }

    [Theory]
    [MemberData(nameof(SharedServers.Remote), MemberType = typeof(SharedServers))]
    [Feature("S1.1-l2-latency")]
    public async Task A_server_a_millisecond_away_serves_32_tasks_without_a_miss(string kind)
    {
        const int Tasks = 32;
        const int Keys = 10;
        await using var server = await SharedServers.StartAsync(kind);
        await using var proxy = server.Proxy();
        // Before the entries are made: a node cannot prove what is older than its own look at the log.
        await using var b = await StartAsync(s => server.Use(s, proxy));
        await using var a = await StartAsync(s => server.Use(s));
        for (var key = 0; key < Tasks * Keys; key++)
        {
            await ReadAsync(a, 1000 + key);
        }

        await SentAsync(a);
        proxy.Delay(TimeSpan.FromMilliseconds(1));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
        {
            var found = new List<CacheOutcome>();
            for (var key = 0; key < Keys; key++)
            {
                found.Add((await ReadAsync(b, 1000 + (task * Keys) + key)).Outcome);
            }

            return found;
        })));
        Assert.All(outcomes.SelectMany(o => o), outcome => Assert.Equal(CacheOutcome.L2Hit, outcome));
    }

    [Theory]
    [MemberData(nameof(SharedServers.Kinds), MemberType = typeof(SharedServers))]
    [Feature("S1.1-l2-latency")]
    public async Task Synchronous_queries_on_all_threads_of_the_pool_need_no_other_thread_of_it(string kind)
    {
        const int Tasks = 32;
        const int Keys = 10;
        await using var server = await SharedServers.StartAsync(kind);
        // Before the entries are made: a node cannot prove what is older than its own look at the log.
        await using var b = await StartAsync(s => server.Use(s));
        await using var a = await StartAsync(s => server.Use(s));
        for (var key = 0; key < Tasks * Keys; key++)
        {
            await ReadAsync(a, 1000 + key);
        }

        await SentAsync(a);
        Read(b, 0);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(() =>
            Enumerable.Range(0, Keys).Select(key => Read(b, 1000 + (task * Keys) + key).Outcome).ToArray())));
        Assert.All(outcomes.SelectMany(o => o), outcome => Assert.Equal(CacheOutcome.L2Hit, outcome));
    }

    // A loaded test machine must not look like a failing server, except where the server fails.
    private Task<Node> StartAsync(Action<FraiseQLStateBuilder> server, Action<FraiseQLStateOptions>? configure = null)
        => Node.StartAsync(
            ConnectionString,
            configure: o =>
            {
                o.Cache.L2.Timeout = TimeSpan.FromSeconds(5);
                configure?.Invoke(o);
            },
            state: server);

    private static void Break(FaultyProxy proxy, string fault)
    {
        switch (fault)
        {
            case "refused":
                proxy.Cut();
                break;
            case "silent":
                proxy.Pause();
                break;
            case "slow":
                proxy.Delay(TimeSpan.FromMilliseconds(300));
                break;
            case "reset":
                proxy.Halve();
                break;
            default:
                proxy.Garble();
                break;
        }
    }

    private static Task SentAsync(Node node)
        => Eventually.Until(() => node.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.PendingWrites == 0);

    private static Task<(List<Post> Value, CacheOutcome Outcome)> ReadAsync(Node node, int author)
        => node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).AsNoTracking().Cacheable(s_ttl).ToListAsync());

    private static (CacheOutcome Outcome, int Count) Read(Node node, int author)
    {
        using var db = node.CreateContext();
        var count = db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).AsNoTracking().Cacheable(s_ttl).ToList().Count;
        return (db.Database.GetCacheOutcome(), count);
    }
}
