using System.Diagnostics;
using FraiseQL.EfCore.State.Benchmarks.Cases;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;

if (args is [Start.ChildArgument, var form, var connectionString])
{
    return Start.RunChild(form, connectionString);
}

IBenchmark[] all = [new HitOne(), new HitTwenty(), new HitIncluded(), new HitFrontEnd(), new HitCompiled(), new HitTyped(), new HitSize(), new HitScale(), new Miss(), new Start(), new L2Hit(), new Fresh(), new Catchup(), new Inval(), new Precision(), new StormBenchmark(), new WriteOne(), new WriteBulk(), new Save(), new Codec(), new Memory(), new HitAllocations()];
var ids = args.Where(a => !a.StartsWith('-')).ToArray();
var options = args.Where(a => a.StartsWith('-')).ToArray();
var unknown = ids.Where(id => !all.Any(b => string.Equals(b.Id, id, StringComparison.OrdinalIgnoreCase)))
    .Concat(options.Where(o => o != "--quick")).ToArray();
if (unknown.Length > 0)
{
    await Console.Error.WriteLineAsync($"Unknown: {string.Join(' ', unknown)}. Known: {string.Join(' ', all.Select(b => b.Id))} --quick");
    return 2;
}

if (Environment.GetEnvironmentVariable("FRAISEQL_BENCH_PG") is not { Length: > 0 } server)
{
    await Console.Error.WriteLineAsync("FRAISEQL_BENCH_PG must name a PostgreSQL server; eng/bench.sh starts one and sets it.");
    return 2;
}

var effort = new Effort(options.Contains("--quick"));
var results = Environment.GetEnvironmentVariable("FRAISEQL_BENCH_RESULTS") ?? Path.Combine("artifacts", "bench");
var clock = Stopwatch.StartNew();
await using var world = await BenchWorld.CreateAsync(server, Environment.GetEnvironmentVariable("FRAISEQL_BENCH_REDIS"));
Console.WriteLine($"Data set loaded in {clock.Elapsed.TotalSeconds:0.0} s; {Environment.ProcessorCount} processors.");
var missed = 0;
var failed = 0;
foreach (var benchmark in all.Where(b => ids.Length == 0 ? !b.OnlyByName : ids.Contains(b.Id, StringComparer.OrdinalIgnoreCase)))
{
    var start = clock.Elapsed;
    try
    {
        var figures = await benchmark.RunAsync(world, effort);
        Report.Print(benchmark.Id, benchmark.Title, figures);
        Report.Write(results, benchmark.Id, figures);
        Console.WriteLine($"{(clock.Elapsed - start).TotalSeconds:0.0} s");
        missed += figures.Count(f => f.Met == false);
    }
#pragma warning disable CA1031 // The others can still be measured; the exit code tells.
    catch (Exception exception)
#pragma warning restore CA1031
    {
        await Console.Error.WriteLineAsync($"{benchmark.Id} failed: {exception}");
        failed++;
    }
}

Console.WriteLine();
Console.WriteLine($"{clock.Elapsed.TotalSeconds:0} s; {missed} goals not met, {failed} benchmarks failed; figures in {results}");
return failed == 0 ? 0 : 1;
