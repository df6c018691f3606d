using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Every shape four times: as plain EF, as a miss, from memory, and from the bytes that another node stored.</summary>
public sealed class MatrixTests(MatrixTests.World world) : IClassFixture<MatrixTests.World>
{
    public static TheoryData<string, bool> Cases()
    {
        var data = new TheoryData<string, bool>();
        foreach (var shape in AllShapes.Cached)
        {
            data.Add(shape.Name, false);
            data.Add(shape.Name, true);
        }

        return data;
    }

    public static TheoryData<string, bool> Refusals()
    {
        var data = new TheoryData<string, bool>();
        foreach (var shape in AllShapes.Refused)
        {
            data.Add(shape.Name, false);
            data.Add(shape.Name, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [Feature("P-cacheable")]
    [Feature("S0-query-result-caching")]
    [Feature("S1.1-l3-database")]
    [Feature("S1.1-order")]
    [Feature("U-02-transparency")]
    public async Task A_shape_gives_the_same_objects_and_tracks_the_same_from_every_level(string name, bool async)
    {
        var shape = AllShapes.Cached.Single(s => s.Name == name);
        var plain = await RunAsync(world.First, shape, cached: false, async);
        var stored = await world.StoredAsync();

        var miss = await RunAsync(world.First, shape, cached: true, async);
        AssertSame(plain, miss, "miss");
        Assert.Equal(shape.Repeated == 0 ? CacheOutcome.Miss : CacheOutcome.L1Hit, miss.Outcome);
        Assert.Equal((plain.Commands - shape.Repeated, shape.Nested ? miss.Commands : plain.Opened - shape.Repeated), (miss.Commands, miss.Opened));

        var local = await RunAsync(world.First, shape, cached: true, async);
        AssertSame(plain, local, "memory");

        // The parts of a split query were read at different snapshots if anybody committed in between: then it counts once that was applied.
        for (var again = 0; again < 50 && local.Outcome != CacheOutcome.L1Hit && name.Contains("split", StringComparison.Ordinal); again++)
        {
            local = await RunAsync(world.First, shape, cached: true, async);
            AssertSame(plain, local, "memory");
        }

        Assert.Equal((CacheOutcome.L1Hit, shape.Unmarked, shape.Unmarked), (local.Outcome, local.Commands, local.Opened));

        // A split query that was read again has also been written again, over the first.
        await Eventually.Until(async () => await world.StoredAsync() >= stored + shape.Entries && world.PendingWrites == 0, TimeSpan.FromSeconds(10));

        // Then it counts on the other node once that has applied as much as the first.
        await world.CaughtUpAsync();
        var shared = await RunAsync(world.Second, shape, cached: true, async);
        AssertSame(plain, shared, "shared bytes");
        Assert.Equal((shape.Repeated == 0 ? CacheOutcome.L2Hit : CacheOutcome.L1Hit, shape.Unmarked, shape.Unmarked), (shared.Outcome, shared.Commands, shared.Opened));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    [Feature("P-cacheable")]
    public async Task A_shape_that_is_not_cached_answers_as_plain_and_says_why(string name, bool async)
    {
        var shape = AllShapes.Refused.Single(s => s.Name == name);
        var plain = await RunAsync(world.First, shape, cached: false, async);
        for (var i = 0; i < 2; i++)
        {
            var read = await RunAsync(world.First, shape, cached: true, async);
            AssertSame(plain, read, "refused");
            Assert.Equal(CacheOutcome.Bypass, read.Outcome);
            Assert.Equal((plain.Commands, plain.Opened), (read.Commands, read.Opened));
        }

        Assert.Contains(world.First.Logs.GetSnapshot(), r => r.StructuredState?.Any(s => s.Value == shape.Refused) == true);
    }

    private static void AssertSame(Run plain, Run cached, string level)
    {
        Assert.True(plain.Result == cached.Result, $"from {level}:\n{cached.Result}\nplain:\n{plain.Result}");
        Assert.True(plain.Tracked == cached.Tracked, $"tracked from {level}:\n{cached.Tracked}\nplain:\n{plain.Tracked}");
    }

    private static async Task<Run> RunAsync(ShapesNode node, Shape shape, bool cached, bool async)
    {
        await using var db = node.CreateContext(shape.Context);
        var commands = node.Commands.Readers;
        var opened = node.Commands.Connections.Opened;
        var mark = new Mark(cached, $"{shape.Name} {async}") { Declares = shape.Declares };
        var result = async ? await shape.Async(db, mark) : shape.Sync(db, mark);
        return new Run(
            Graph.Of(result), Graph.OfTracked(db), db.Database.GetCacheOutcome(), node.Commands.Readers - commands, node.Commands.Connections.Opened - opened);
    }

    private sealed record Run(string Result, string Tracked, CacheOutcome Outcome, int Commands, int Opened);

    /// <summary>One database and one Redis for all, with two nodes: the second never asks the database.</summary>
    public sealed class World : IAsyncLifetime
    {
        private RedisServer _redis = null!;
        private ConnectionMultiplexer _connection = null!;

        internal ShapesNode First { get; private set; } = null!;

        internal ShapesNode Second { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
            await ShapesSeed.CreateAsync(connectionString);
            _redis = await RedisServer.StartPrivateAsync();
            _connection = await ConnectionMultiplexer.ConnectAsync(_redis.ConnectionString);

            // A loaded test machine must not look like a failing Redis.
            First = await ShapesNode.StartAsync(connectionString, _redis.ConnectionString, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(5));
            Second = await ShapesNode.StartAsync(connectionString, _redis.ConnectionString, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(5));

            // Redis is connected to in the background: wait until both nodes' entries arrive there.
            var unknown = 1000;
            foreach (var node in (ShapesNode[])[First, Second])
            {
                var before = await StoredAsync();
                await Eventually.Until(
                    async () =>
                    {
                        await using var db = node.CreateContext();
                        var id = unknown++;
                        await db.Clubs.Where(c => c.Id == id).Cacheable(Mark.Ttl).ToListAsync();
                        return await StoredAsync() > before;
                    },
                    TimeSpan.FromSeconds(20));
            }

            // What these reads still have under way must not be counted for a shape.
            var last = -1L;
            await Eventually.Until(
                async () =>
                {
                    var now = await StoredAsync();
                    await Task.Delay(50);
                    (var settled, last) = (now == last, now);
                    return settled;
                },
                TimeSpan.FromSeconds(20));
        }

        /// <summary>Waits until the second node has applied all that the first one has now.</summary>
        public Task CaughtUpAsync()
        {
            var reached = PositionOf(First);
            return Eventually.Until(() => PositionOf(Second).Contains(reached), TimeSpan.FromSeconds(10));
        }

        private static PgSnapshot PositionOf(ShapesNode node)
        {
            using var db = node.CreateContext();
            return db.GetService<StateSession>().DatabaseOf(db.GetService<IRelationalConnection>()).Ledger.Position!;
        }

        /// <summary>What the first node has not yet written to the shared level.</summary>
        public int PendingWrites
        {
            get
            {
                using var db = First.CreateContext();
                return db.GetService<StateSession>().Runtime.Store.PendingWrites;
            }
        }

        public Task<long> StoredAsync() => _connection.GetServers()[0].DatabaseSizeAsync();

        public async Task DisposeAsync()
        {
            await First.DisposeAsync();
            await Second.DisposeAsync();
            await _connection.DisposeAsync();
            await _redis.DisposeAsync();
        }
    }
}
