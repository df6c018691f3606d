using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Keys as they stand on the shared server, and what is left when everything that is cached is lost.</summary>
public sealed partial class KeysTests : BlogDatabaseWithRedisTests
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    [Fact]
    [Feature("S1.2-key-operation")]
    [Feature("S1.2-key-hash")]
    [Feature("S1.2-key-lookup")]
    public async Task Each_shape_with_each_value_has_one_key_that_is_a_hash_and_the_same_on_every_node_and_level()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.ConnectionString);
        string[] KeysNow() => [.. client.GetServers().Single().Keys(pattern: "*").Select(k => (string)k!)];
        await using var a = await StartAsync();

        // What the start of the node has asked for.
        await Eventually.Until(() => KeysNow().Length > 0);
        foreach (var key in KeysNow())
        {
            await client.GetDatabase().KeyDeleteAsync(key);
        }

        var expected = new HashSet<string>(StringComparer.Ordinal);
        await RunAllAsync(a, expected);
        await Eventually.Until(() => KeysNow().Length >= expected.Count);
        var keys = KeysNow();
        Assert.All(keys, key => Assert.Matches(Hashed(), key));
        Assert.Equal(expected.Select(id => "fraiseql:" + id).Order(StringComparer.Ordinal), keys.Select(k => k[..k.LastIndexOf('.')]).Order(StringComparer.Ordinal));
        Assert.Single(keys.Select(k => k[k.LastIndexOf('.')..]).Distinct());

        // Another node, with another culture: it asks for the same names, and finds them.
        var culture = Thread.CurrentThread.CurrentCulture;
        Thread.CurrentThread.CurrentCulture = new("de-DE");
        try
        {
            await using var b = await StartAsync();
            var again = new HashSet<string>(StringComparer.Ordinal);
            await RunAllAsync(b, again);
            Assert.Equal(expected.Order(StringComparer.Ordinal), again.Order(StringComparer.Ordinal));
        }
        finally
        {
            Thread.CurrentThread.CurrentCulture = culture;
        }

        // Shapes × values; the hash of each is shown by EXPLAIN.
        static async Task RunAllAsync(Node node, HashSet<string> ids)
        {
            await using var db = node.CreateContext();
            var queries = new List<IQueryable<object>>();
            for (var author = 1; author <= 2; author++)
            {
                var id = author;
                queries.Add(db.Posts.Where(p => p.AuthorId == id).Cacheable(s_ttl));
                queries.Add(db.Posts.Where(p => p.AuthorId == id).OrderBy(p => p.Title).Cacheable(s_ttl));
                queries.Add(db.Posts.Where(p => p.AuthorId == id).Select(p => p.Title).Cacheable(s_ttl));
                queries.Add(db.Posts.Where(p => p.Views == id).Cacheable(s_ttl));
            }

            foreach (var query in queries)
            {
                await query.ToListAsync();
                Assert.True(ids.Add(query.ToCacheExplainString().Split('\n').Single(l => l.StartsWith("key id: ", StringComparison.Ordinal))["key id: ".Length..].Trim()));
            }
        }
    }

    [Fact]
    [Feature("S1.1-l3-permanent")]
    [Feature("S0-db-source-of-truth")]
    public async Task With_both_levels_dropped_at_any_moment_the_answers_stay_the_same()
    {
        await using var stays = await StartAsync();
        var first = await AnswersAsync(stays);
        for (var i = 0; i < 3; i++)
        {
            await Redis.FlushAsync();
            Assert.Equal(first, await AnswersAsync(stays));
            await using var fresh = await StartAsync();
            Assert.Equal(first, await AnswersAsync(fresh));
            Assert.Equal(first, await AnswersAsync(fresh));
        }

        await Redis.StopAsync(crash: true);
        await using var without = await StartAsync();
        Assert.Equal(first, await AnswersAsync(without));

        static async Task<string> AnswersAsync(Node node)
        {
            var (posts, _) = await node.ReadAsync(db => db.Posts.OrderBy(p => p.Id).Select(p => p.Title).Cacheable(s_ttl).ToListAsync());
            var (count, _) = await node.ReadAsync(db => db.Comments.Cacheable(s_ttl).CountAsync());
            return $"{string.Join('|', posts)} {count}";
        }
    }

    [Fact]
    [Feature("S5.1-parameterised")]
    public async Task A_value_reaches_the_database_as_a_parameter_and_never_as_SQL()
    {
        const string hostile = "x'; DROP TABLE \"Posts\"; --";
        var recorder = new Recorder();
        await using var node = await Node.StartAsync(ConnectionString, context: o => o.AddInterceptors(recorder));
        var text = hostile;
        for (var i = 0; i < 2; i++)
        {
            Assert.Empty((await node.ReadAsync(db => db.Posts.Where(p => p.Title == text).Cacheable(s_ttl).ToListAsync())).Value);
            Assert.Empty((await node.ReadAsync(db => db.Posts.Where(p => p.Title.StartsWith(text)).Cacheable(o => o.Named(hostile).Tags(hostile)).ToListAsync())).Value);
        }

        Assert.Contains(recorder.Commands, c => c.Values.Contains(hostile));
        Assert.All(recorder.Commands, c => Assert.DoesNotContain("DROP", c.Sql, StringComparison.Ordinal));
        Assert.True((await node.ReadAsync(db => db.Posts.CountAsync())).Value > 0);
    }

    [Fact]
    [Feature("S1.1-l1-latency")]
    public async Task The_time_of_each_answer_is_measured_by_the_level_that_gave_it()
    {
        var times = new ConcurrentQueue<(string Level, double Seconds)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument is { Name: "fraiseql.cache.request.duration", Unit: "s" })
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) => times.Enqueue(((string)tags[0].Value!, seconds)));
        listener.Start();
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var level = CacheOutcome.None;
        await Eventually.Until(async () =>
        {
            await Titles(a);
            level = (await Titles(b)).Outcome;
            return level == CacheOutcome.L2Hit || await NewEntryAsync();
        });
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(b)).Outcome);
        Assert.All(times, t => Assert.True(t.Seconds > 0));
        Assert.Superset(new HashSet<string> { "miss", "hit_l2", "hit_l1" }, times.Select(t => t.Level).ToHashSet());

        // A node that begins cannot prove the entries of before: another transaction of the server may have come between.
        async Task<bool> NewEntryAsync()
        {
            await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = \"Title\" || 'x' WHERE \"AuthorId\" = 1");
            return false;
        }

        static Task<(List<string> Value, CacheOutcome Outcome)> Titles(Node node)
            => node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 1).Select(p => p.Title).Cacheable(s_ttl).ToListAsync());
    }

    private Task<Node> StartAsync() => Node.StartAsync(ConnectionString, Redis.ConnectionString);

    // 256 bits in base64url, and the log that its proof is of.
    [GeneratedRegex("^fraiseql:[A-Za-z0-9_-]{43}\\.[A-Za-z0-9_-]+$")]
    private static partial Regex Hashed();

    private sealed class Recorder : DbCommandInterceptor
    {
        public ConcurrentQueue<(string Sql, object?[] Values)> Commands { get; } = [];

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Commands.Enqueue((command.CommandText, [.. command.Parameters.Cast<DbParameter>().Select(p => p.Value)]));
            return new(result);
        }
    }
}
