using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.Types;

/// <summary>Every type with a value, NULL and its default: as plain EF, as a miss, from memory, and from the bytes that another node stored.</summary>
public sealed class TypeMatrixTests(TypeMatrixTests.World world) : IClassFixture<TypeMatrixTests.World>
{
    public static TheoryData<string, bool> Types(Func<string, bool> where)
    {
        var data = new TheoryData<string, bool>();
        foreach (var type in AllTypes.All.Where(t => where(t.Name)))
        {
            data.Add(type.Name, false);
            data.Add(type.Name, true);
        }

        return data;
    }

    public static TheoryData<string, bool> Cached() => Types(n => Type(n).Refused is null);

    public static TheoryData<string, bool> Refused() => Types(n => Type(n).Refused is not null);

    public static TheoryData<string, bool> Parameters() => Types(n => Type(n) is { Comparable: true, RefusedAsParameter: null });

    public static TheoryData<string, bool> RefusedParameters() => Types(n => Type(n).RefusedAsParameter is not null);

    public static TheoryData<string, bool> Mutable() => Types(n => Type(n).IsMutable && Type(n).Refused is null);

    [Theory]
    [MemberData(nameof(Cached))]
    [Feature("U-10-key-types")]
    public async Task A_type_is_read_from_every_level_as_plain_EF_reads_it(string name, bool async)
    {
        var type = Type(name);
        var bound = world.NextBound();
        var plain = await RunAsync(world.First, db => type.ReadAsync(db, bound, cached: false, async));
        Assert.Equal(1, plain.Commands);
        var stored = await world.StoredAsync();
        var miss = await RunAsync(world.First, db => type.ReadAsync(db, bound, cached: true, async));
        Assert.Equal((CacheOutcome.Miss, plain.Text, 1), (miss.Outcome, miss.Text, miss.Commands));
        var local = await RunAsync(world.First, db => type.ReadAsync(db, bound, cached: true, async));
        Assert.Equal((CacheOutcome.L1Hit, plain.Text, 0), (local.Outcome, local.Text, local.Commands));
        if (type.Shared)
        {
            await Eventually.Until(async () => await world.StoredAsync() > stored, TimeSpan.FromSeconds(10));
        }

        var other = await RunAsync(world.Second, db => type.ReadAsync(db, bound, cached: true, async));
        Assert.Equal(plain.Text, other.Text);
        Assert.Equal(type.Shared ? (CacheOutcome.L2Hit, 0) : (CacheOutcome.Miss, 1), (other.Outcome, other.Commands));
        var promoted = await RunAsync(world.Second, db => type.ReadAsync(db, bound, cached: true, async));
        Assert.Equal((CacheOutcome.L1Hit, plain.Text, 0), (promoted.Outcome, promoted.Text, promoted.Commands));
    }

    [Theory]
    [MemberData(nameof(Mutable))]
    public async Task What_a_caller_does_to_its_values_changes_nothing_for_the_next(string name, bool async)
    {
        var type = Type(name);
        var bound = world.NextBound();
        var plain = await RunAsync(world.First, db => type.ReadAsync(db, bound, cached: false, async));
        for (var i = 0; i < 3; i++)
        {
            var read = await RunAsync(world.First, db => type.ReadAsync(db, bound, cached: true, async));
            Assert.Equal((i == 0 ? CacheOutcome.Miss : CacheOutcome.L1Hit, plain.Text), (read.Outcome, read.Text));
            type.Mutate(read.Result);
        }
    }

    [Theory]
    [MemberData(nameof(Parameters))]
    [Feature("S1.2-key-variables")]
    public async Task A_parameter_of_a_type_finds_what_plain_EF_finds(string name, bool async)
    {
        var type = Type(name);
        var bound = world.NextBound();
        var plain = await RunAsync(world.First, db => type.FindAsync(db, bound, cached: false, async));
        var miss = await RunAsync(world.First, db => type.FindAsync(db, bound, cached: true, async));
        Assert.Equal((CacheOutcome.Miss, plain.Text, 1), (miss.Outcome, miss.Text, miss.Commands));
        var hit = await RunAsync(world.First, db => type.FindAsync(db, bound, cached: true, async));
        Assert.Equal((CacheOutcome.L1Hit, plain.Text, 0), (hit.Outcome, hit.Text, hit.Commands));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_type_that_is_not_cached_is_read_as_plain_EF_reads_it_and_says_why(string name, bool async)
    {
        var type = Type(name);
        await NotCachedAsync((db, cached) => type.ReadAsync(db, 1000, cached, async), type.Refused!);
    }

    [Theory]
    [MemberData(nameof(RefusedParameters))]
    public async Task A_parameter_without_an_exact_key_is_asked_as_plain_EF_asks_and_says_why(string name, bool async)
    {
        var type = Type(name);
        await NotCachedAsync((db, cached) => type.FindAsync(db, 1000, cached, async), type.RefusedAsParameter!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task JSON_columns_of_owned_and_complex_types_are_documents_of_their_own_for_each_caller(bool async)
    {
        var bound = world.NextBound();
        async Task<object> ReadAsync(TypesContext db, bool cached)
        {
            var query = db.Holders.AsNoTracking().Where(h => h.Id <= bound).OrderBy(h => h.Id);
            var marked = cached ? query.Cacheable(TimeSpan.FromMinutes(10)) : query;
#pragma warning disable CA1849 // The synchronous way is what this shows too.
            return async ? await marked.ToListAsync() : marked.ToList();
#pragma warning restore CA1849
        }

        var plain = await RunAsync(world.First, db => ReadAsync(db, cached: false));
        var stored = await world.StoredAsync();
        for (var i = 0; i < 3; i++)
        {
            var read = await RunAsync(world.First, db => ReadAsync(db, cached: true));
            Assert.Equal((i == 0 ? CacheOutcome.Miss : CacheOutcome.L1Hit, plain.Text), (read.Outcome, read.Text));
            foreach (var holder in (List<Holder>)read.Result)
            {
                holder.Owned?.Numbers.Add(99);
                holder.Many.Clear();
                holder.Complex.Name = "changed";
                holder.Words.Add("changed");
            }
        }

        await Eventually.Until(async () => await world.StoredAsync() > stored, TimeSpan.FromSeconds(10));
        var shared = await RunAsync(world.Second, db => ReadAsync(db, cached: true));
        Assert.Equal((CacheOutcome.L2Hit, plain.Text, 0), (shared.Outcome, shared.Text, shared.Commands));
    }

    [Fact]
    [Feature("S1.2-key-variables")]
    public async Task An_array_that_is_changed_in_place_is_another_parameter()
    {
        var bound = world.NextBound();
        int[] ids = [1, bound];
        async Task<object> ReadAsync(TypesContext db)
            => await db.Samples.Where(s => ids.Contains((int)s["Id"])).Select(s => (int)s["Id"]).Cacheable(TimeSpan.FromMinutes(10)).ToListAsync();

        Assert.Equal([1], (List<int>)(await RunAsync(world.First, ReadAsync)).Result);
        ids[0] = 2;
        var changed = await RunAsync(world.First, ReadAsync);
        Assert.Equal([2], (List<int>)changed.Result);
        Assert.Equal(CacheOutcome.Miss, changed.Outcome);
        ids[0] = 1;
        var back = await RunAsync(world.First, ReadAsync);
        Assert.Equal([1], (List<int>)back.Result);
        Assert.Equal(CacheOutcome.L1Hit, back.Outcome);
    }

    private static TypeCase Type(string name) => AllTypes.All.Single(t => t.Name == name);

    private static async Task<Run> RunAsync(TypesNode node, Func<TypesContext, Task<object>> read)
    {
        await using var db = node.CreateContext();
        var commands = node.Commands.Readers;
        var result = await read(db);
        return new Run(result, Exact.Text(result), db.Database.GetCacheOutcome(), node.Commands.Readers - commands);
    }

    private async Task NotCachedAsync(Func<TypesContext, bool, Task<object>> read, string code)
    {
        var plain = await RunAsync(world.First, db => read(db, false));
        for (var i = 0; i < 2; i++)
        {
            var marked = await RunAsync(world.First, db => read(db, true));
            Assert.Equal((CacheOutcome.Bypass, plain.Text, 1), (marked.Outcome, marked.Text, marked.Commands));
        }

        Assert.Contains(world.First.Logs.GetSnapshot(), r => r.StructuredState?.Any(s => s.Value == code) == true);
    }

    private sealed record Run(object Result, string Text, CacheOutcome Outcome, int Commands);

    /// <summary>One database and one Redis for all, with two nodes.</summary>
    public sealed class World : IAsyncLifetime
    {
        private RedisServer _redis = null!;
        private ConnectionMultiplexer _connection = null!;
        private int _bound = 1000;

        internal TypesNode First { get; private set; } = null!;

        internal TypesNode Second { get; private set; } = null!;

        /// <summary>A number above every id that no query has had: what makes a query's key its own.</summary>
        public int NextBound() => Interlocked.Increment(ref _bound);

        public async Task InitializeAsync()
        {
            var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
            var options = new DbContextOptionsBuilder<TypesContext>();
            TypesNode.Use(options, connectionString);
            await using (var db = new TypesContext(options.Options))
            {
                await db.Database.EnsureCreatedAsync();
                await SeedAsync(db);
            }

            _redis = await RedisServer.StartPrivateAsync();
            _connection = await ConnectionMultiplexer.ConnectAsync(_redis.ConnectionString);
            First = await TypesNode.StartAsync(connectionString, _redis.ConnectionString);
            Second = await TypesNode.StartAsync(connectionString, _redis.ConnectionString);

            // Redis is connected to in the background: wait until both nodes' entries arrive there.
            foreach (var node in (TypesNode[])[First, Second])
            {
                var before = await StoredAsync();
                await Eventually.Until(
                    async () =>
                    {
                        await using var db = node.CreateContext();
                        var bound = NextBound();
                        await db.Holders.CountAsync(h => h.Id < bound);
                        await db.Holders.Where(h => h.Id < bound).Cacheable(TimeSpan.FromMinutes(10)).ToListAsync();
                        return await StoredAsync() > before;
                    },
                    TimeSpan.FromSeconds(20));
            }

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

        public Task<long> StoredAsync() => _connection.GetServers()[0].DatabaseSizeAsync();

        public async Task DisposeAsync()
        {
            await First.DisposeAsync();
            await Second.DisposeAsync();
            await _connection.DisposeAsync();
            await _redis.DisposeAsync();
        }

        private static async Task SeedAsync(TypesContext db)
        {
            for (var id = 1; id <= 3; id++)
            {
                var row = new Dictionary<string, object> { ["Id"] = id };
                foreach (var type in AllTypes.All)
                {
                    type.Fill(row, id);
                }

                db.Samples.Add(row);
            }

            db.Holders.Add(new Holder
            {
                Id = 1,
                Owned = new JsonPart { Name = "owned", Numbers = [1, 2] },
                Many = [new JsonPart { Name = "first" }, new JsonPart { Name = "second", Numbers = [3] }],
                Complex = new JsonPart { Name = "complex" },
                Words = ["a", "b"],
            });
            db.Holders.Add(new Holder { Id = 2, Complex = new JsonPart() });
            await db.SaveChangesAsync();
        }
    }
}
