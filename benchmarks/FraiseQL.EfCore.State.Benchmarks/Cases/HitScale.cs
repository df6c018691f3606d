using System.Diagnostics;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>32 tasks, each with its own context and key, beside one. A lock on the path would show as lost throughput.</summary>
internal sealed class HitScale : IBenchmark
{
    private const int Tasks = 32;
    private const double Goal = 0.9;

    public string Id => "HIT-SCALE";

    public string Title => "L1 hits of 32 tasks on distinct keys beside one task times the processors";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        var contexts = Enumerable.Range(0, Tasks).Select(_ => node.Context()).ToArray();
        var ratios = new List<(double Alone, double Together, double Wall, double Cpu)>();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < effort.LongestWarmUp / 2)
        {
            await MeasureAsync(contexts, Tasks, 100);
        }

        var operations = effort.Quick ? 2000 : 8000;
        var processors = Math.Min(Tasks, Environment.ProcessorCount);
        for (var round = 0; round < effort.Rounds; round++)
        {
            var (alone, aloneCpu) = await MeasureAsync(contexts, 1, operations);
            var (together, togetherCpu) = await MeasureAsync(contexts, Tasks, operations / Tasks * processors);
            ratios.Add((alone, together, together / (alone * processors), togetherCpu / aloneCpu));
        }

        foreach (var context in contexts)
        {
            await context.DisposeAsync();
        }

        var scaling = Median(ratios.Select(r => r.Wall));
        return
        [
            new Figure("1 task", "throughput median", Median(ratios.Select(r => r.Alone)), "1/s"),
            new Figure(
                "32 tasks", "throughput median", Median(ratios.Select(r => r.Together)), "1/s", $"1 task x {processors}", scaling, $">= {Goal} x", scaling >= Goal),
            new Figure("32 tasks", "cpu per operation to that of 1 task, median", Median(ratios.Select(r => r.Cpu)), "x"),
        ];
    }

    private static async Task<(double PerSecond, double Cpu)> MeasureAsync(BlogContext[] contexts, int tasks, int operationsEach)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(key => Task.Run(() =>
        {
            for (var i = 0; i < operationsEach; i++)
            {
                _ = BlogQueries.One(contexts[key], key).Cacheable(BlogQueries.Ttl).ToList();
            }
        })));
        var operations = (double)tasks * operationsEach;
        return (operations / Stopwatch.GetElapsedTime(clock).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / operations);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;
}
