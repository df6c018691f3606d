using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>
/// Cached equals uncached, for random queries and random writes: each query is asked and cached, then after every write it is asked again, of the
/// cache and of the database. A dependency that is missing or too narrow shows as a difference.
/// </summary>
/// <remarks>The database is asked by the same query within a transaction, where the cache takes no part: one compilation serves both.</remarks>
public sealed class DifferentialTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly Gen<Case> s_cases = Gen.Select(Question.Any.Array[1, 4], Change.Any.Array[1, 6], (q, c) => new Case(q, c));

    private string _connectionString = "";
    private RedisServer? _redis;
    private long _checks;
    private long _hits;

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(_connectionString);
    }

    public async Task DisposeAsync()
    {
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Feature("U-02-transparency")]
    [Feature("U-03-precision-sound")]
    [Feature("B-03-predicate")]
    public async Task Random_queries_after_random_writes_answer_as_the_database_does(bool twoNodes)
    {
        _redis = twoNodes ? await RedisServer.StartPrivateAsync() : null;
        var nodes = new List<Node> { await StartAsync() };
        if (twoNodes)
        {
            nodes.Add(await StartAsync());
        }

        try
        {
            // The seed of a failure is in its message; Sample(…, seed: "…") repeats it. Shrinking is a search for smaller failing cases.
            await s_cases.SampleAsync(c => RunAsync(nodes, c), writeLine: output.WriteLine, iter: 110, threads: 1, print: c => c.ToString());
        }
        finally
        {
            output.WriteLine($"{_checks} comparisons, {_hits} of them with a hit");
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }
        }

        Assert.True(_checks > 1000, $"only {_checks} comparisons");
        Assert.True(_hits > _checks / 10, $"only {_hits} of {_checks} were hits");

        Task<Node> StartAsync() => Node.StartAsync(_connectionString, _redis?.ConnectionString, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(2));
    }

    private async Task RunAsync(List<Node> nodes, Case random)
    {
        await Seed.ExecuteAsync(_connectionString, Change.Start);
        await CaughtUp.AllAsync(_connectionString, nodes);
        foreach (var node in nodes)
        {
            await CompareAsync(node, random.Questions, "the start");
        }

        for (var i = 0; i < random.Changes.Length; i++)
        {
            var change = random.Changes[i];
            var writer = nodes[(i + change.Row) % nodes.Count];
            await change.ApplyAsync(writer, _connectionString);

            // What a node has written itself it sees at once; the others when the log has told them.
            if (change.By != Via.Foreign)
            {
                await CompareAsync(writer, random.Questions, change);
            }

            await CaughtUp.AllAsync(_connectionString, nodes);
            foreach (var node in nodes)
            {
                await CompareAsync(node, random.Questions, change);
            }
        }
    }

    private async Task CompareAsync(Node node, Question[] questions, object after)
    {
        foreach (var question in questions)
        {
            await using var cached = node.CreateContext();
            var answer = await question.AskAsync(cached);
            var outcome = cached.Database.GetCacheOutcome();
            await using var direct = node.CreateContext();
            await using var transaction = await direct.Database.BeginTransactionAsync();
            var expected = await question.AskAsync(direct);
            _checks++;
            _hits += outcome is CacheOutcome.L1Hit or CacheOutcome.L2Hit ? 1 : 0;
            if (answer != expected)
            {
                throw new InvalidOperationException($"{question} after {after} ({outcome}):\ncached {answer}\nactual {expected}");
            }
        }
    }

    private sealed record Case(Question[] Questions, Change[] Changes)
    {
        public override string ToString() => $"{string.Join("\n", (object[])Questions)}\n{string.Join("\n", (object[])Changes)}";
    }
}
