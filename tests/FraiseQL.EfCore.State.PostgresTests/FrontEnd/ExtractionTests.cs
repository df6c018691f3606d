using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Xunit.Abstractions;

// What is asked is what EF itself does.
#pragma warning disable EF1001

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>The condition under which the front end is right, for many random queries: no server, as nothing is executed.</summary>
public sealed class ExtractionTests(ITestOutputHelper output)
{
    private static readonly Gen<(RandomQuery Query, Captured[] Values)> s_cases = Gen.Select(RandomQuery.Any, Captured.Any.Array[4, 12]);

    [Fact]
    public async Task A_known_shape_gives_the_tree_and_the_parameters_that_EF_makes_of_the_query()
    {
        var options = new DbContextOptionsBuilder<BlogContext>().UseNpgsql("Host=nowhere").UseFraiseQLState()
            .ReplaceService<IQueryCompiler, ExtractionOracle>().Options;
        ExtractionOracle.Begin();
        await using var db = new BlogContext(options);

        // The seed of a failure is in its message; Sample(…, seed: "…") repeats it.
        await s_cases.SampleAsync(
            async c =>
            {
                for (var i = 0; i < c.Values.Length; i++)
                {
                    await c.Query.AskAsync(db, c.Values[i]);
                    if (ExtractionOracle.Difference is { } difference)
                    {
                        throw new InvalidOperationException($"execution {i} with {c.Values[i]}:\n{difference}");
                    }
                }
            },
            writeLine: output.WriteLine, time: 20, threads: 1, print: c => $"{c.Query}\n{string.Join('\n', (object[])c.Values)}");
        output.WriteLine($"{ExtractionOracle.Known} executions of known shapes, {ExtractionOracle.Unknown} of new ones, {ExtractionOracle.Declined} left to EF, {ExtractionOracle.NotRead} not understood");
        Assert.True(ExtractionOracle.Known > 1000, $"only {ExtractionOracle.Known} executions of known shapes");
    }
}
