using System.Globalization;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>
/// Random scripts on two nodes that share a Redis: whatever is asked and written, in whatever order, no answer is one that an uncached run could not
/// have given, and at rest both nodes answer as the database does.
/// </summary>
/// <remarks>A failure names its script; FRAISEQL_TEST_SCRIPT runs its chapter until then again. eng/soak.sh runs them without end, while things break.</remarks>
public sealed class ScriptTests(ITestOutputHelper output)
{
    private const int Enough = 4000;
    private const int AtLeast = 2000;
    private const int Worlds = 2;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(50);

    // A machine that is much too slow for so many ends before the runner takes the test for hung.
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(4.5);

    [Fact]
    [Feature("U-02-transparency")]
    [Feature("U-03-precision-sound")]
    [Feature("S1.1-l2-shared")]
    public async Task No_script_on_two_nodes_gets_an_answer_that_an_uncached_run_could_not_have_given()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        if (Environment.GetEnvironmentVariable("FRAISEQL_TEST_SCRIPT") is { Length: > 0 } name)
        {
            await RepeatAsync(redis, name.Split(':'));
            return;
        }

        var seed = (ulong)Random.Shared.NextInt64();
        output.WriteLine($"seed {seed}");
        var start = TimeProvider.System.GetTimestamp();
        var chapter = -1;
        await Task.WhenAll(Enumerable.Range(0, Worlds).Select(number => Task.Run(async () =>
        {
            await using var world = await ScriptWorld.StartAsync(redis, isSlow: number > 0);
            while (Interlocked.Increment(ref chapter) * Script.InChapter is var first
                && first < Enough && TimeProvider.System.GetElapsedTime(start) < (first < AtLeast ? s_longest : s_limit))
            {
                for (var i = first; i < first + Script.InChapter; i++)
                {
                    await new ScriptRun(world, Script.Of(seed, i, withFaults: false)).RunAsync();
                }
            }

            output.WriteLine(world.Counts);
            Assert.True(world.HitRatio > 0.2, world.Counts);
        })));
    }

    private static async Task RepeatAsync(RedisServer redis, string[] name)
    {
        var (run, number, hasFaults) = (ulong.Parse(name[0], CultureInfo.InvariantCulture), int.Parse(name[1], CultureInfo.InvariantCulture), name.Length > 2);
        await using var server = hasFaults ? await PostgresServer.StartPrivateAsync() : null;
        await using var world = await ScriptWorld.StartAsync(redis, server);
        for (var i = number - (number % Script.InChapter); i <= number; i++)
        {
            await new ScriptRun(world, Script.Of(run, i, hasFaults)).RunAsync();
        }
    }
}
