using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>
/// Random queries, each several times with random values, with the front end and without: the same answers or errors, the same tracked entities, the
/// same commands with the same parameters, and as many compilations.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Cases = 250;

    private static readonly Gen<(RandomQuery Query, Captured[] Values)> s_cases = Gen.Select(RandomQuery.Any, Captured.Any.Array[3, 10]);

    private string _connectionString = "";
    private FrontEndWorld _plain = null!;
    private FrontEndWorld _fast = null!;
    private int _executions;

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(_connectionString);
        Begin();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Random_queries_are_answered_as_without_the_front_end()
    {
        // The seed of a failure is in its message; Sample(…, seed: "…") repeats it.
        await s_cases.SampleAsync(c => RunAsync(c.Query, c.Values), writeLine: output.WriteLine, iter: Cases, threads: 1, print: c => $"{c.Query}\n{string.Join('\n', (object[])c.Values)}");
        output.WriteLine($"{_executions} executions of {_fast.KnownShapes} shapes that are known and {_fast.OtherShapes} that are EF's alone");
        Assert.True(_fast.KnownShapes > _fast.OtherShapes / 4, $"only {_fast.KnownShapes} shapes are known, {_fast.OtherShapes} are not");
    }

    private async Task RunAsync(RandomQuery query, Captured[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var expected = await _plain.SeeAsync(db => query.AskAsync(db, values[i]));
            var actual = await _fast.SeeAsync(db => query.AskAsync(db, values[i]));
            _executions++;
            if (actual != expected)
            {
                // Each case begins with equal numbers of compilations, also the next try of a smaller one.
                Begin();
                throw new InvalidOperationException($"execution {i} with {values[i]}:\n{actual}\nwithout the front end:\n{expected}");
            }
        }
    }

    private void Begin() => (_plain, _fast) = (new(_connectionString, frontEnd: false), new(_connectionString, frontEnd: true));
}
