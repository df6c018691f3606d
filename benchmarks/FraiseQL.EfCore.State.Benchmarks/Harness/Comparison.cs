using System.Diagnostics;
using System.Runtime;

namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>
/// Measures variants in turns: every round runs one batch of each, in an order that rotates, so that what disturbs the machine
/// disturbs all of them.
/// </summary>
internal sealed class Comparison(params Variant[] variants)
{
    // The first comparison of a process compiles most of EF Core and Npgsql, for all that follow.
    private const int FirstTakes = 4;

    private static bool s_isWarm;

    private readonly List<Goal> _goals = [];

    public Comparison With(params Goal[] goals)
    {
        _goals.AddRange(goals);
        return this;
    }

    public async Task<IReadOnlyList<Figure>> RunAsync(Effort effort)
    {
        foreach (var together in effort.WarmsTogether ? [variants] : variants.Chunk(1))
        {
            await WarmUpAsync(together, effort);
        }

        s_isWarm = true;

        for (var round = 0; round < effort.Rounds; round++)
        {
            for (var i = 0; i < variants.Length; i++)
            {
                await MeasureAsync(variants[(round + i) % variants.Length]);
            }
        }

        return [.. variants.SelectMany(Figures)];
    }

    // Until the JIT has had nothing to do for a while: its last tier is what runs for days. Then as many operations as fill a batch.
    private static async Task WarmUpAsync(Variant[] together, Effort effort)
    {
        var longest = effort.LongestWarmUp * (s_isWarm ? 1 : FirstTakes);
        var clock = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        var quietSince = TimeSpan.Zero;
        var compiled = JitInfo.GetCompiledMethodCount();

        // Processor time too: on a busy machine the JIT gets as little of the clock's as everything else.
        while ((clock.Elapsed < longest || Environment.CpuUsage.TotalTime - cpu < longest) && clock.Elapsed - quietSince < effort.Quiet)
        {
            foreach (var variant in together)
            {
                await variant.Run(50);
            }

            if (JitInfo.GetCompiledMethodCount() is var now && now != compiled)
            {
                compiled = now;
                quietSince = clock.Elapsed;
            }
        }

        foreach (var variant in together)
        {
            clock.Restart();
            const int Probe = 50;
            await variant.Run(Probe);
            var each = clock.Elapsed / Probe;
            variant.BatchSize = Math.Max(10, (int)(effort.Batch / each));
        }
    }

    private static async Task MeasureAsync(Variant variant)
    {
        var count = variant.BatchSize;
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.GetTimestamp();
        await variant.Run(count);
        var wall = Stopwatch.GetElapsedTime(clock);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        variant.Wall.Add(wall.TotalMicroseconds / count);
        variant.Cpu.Add(cpu.TotalMicroseconds / count);
        variant.Bytes.Add((double)bytes / count);
    }

    private IEnumerable<Figure> Figures(Variant variant)
    {
        foreach (var metric in Enum.GetValues<Metric>())
        {
            var unit = metric == Metric.Bytes ? "B" : "us";
            var name = metric switch
            {
                Metric.Wall => "wall",
                Metric.Cpu => "cpu",
                _ => "allocated",
            };
            var goals = _goals.Where(g => g.Variant == variant.Name && g.Metric == metric).ToArray();
            if (metric == Metric.Bytes)
            {
                // Allocation is exact but for what other threads do meanwhile: the least disturbed round.
                yield return Judge(goals.FirstOrDefault(), variant, name, metric, unit, v => v.Min(metric));
                continue;
            }

            yield return Judge(null, variant, name + " min", metric, unit, v => v.Min(metric), goals.FirstOrDefault()?.Against);
            if (goals.Length == 0)
            {
                goals = [null!];
            }

            foreach (var goal in goals)
            {
                yield return Judge(goal, variant, name + " median", metric, unit, v => v.Median(metric));
            }
        }
    }

    private Figure Judge(
        Goal? goal, Variant variant, string name, Metric metric, string unit, Func<Variant, double> value, string? compareWith = null)
    {
        var against = goal?.Against ?? compareWith;
        var mine = value(variant);
        var other = against is null ? double.NaN : value(variants.First(v => v.Name == against));
        return new Figure(variant.Name, name, mine, unit, against, against is null || other == 0 ? null : mine / other, goal?.Text(unit), goal?.IsMet(mine, other));
    }
}
