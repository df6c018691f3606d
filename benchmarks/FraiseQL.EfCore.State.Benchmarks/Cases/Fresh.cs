using System.Diagnostics;
using System.Runtime.InteropServices;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// From the moment COMMIT is sent through node A to the first read on node B that sees it, at 200 commits a second. Beside it, in turns of
/// a second: a transaction that writes the same row of the same size in a table without triggers and sends NOTIFY, until LISTEN has it.
/// </summary>
internal sealed partial class Fresh : IBenchmark
{
    private const int PerSecond = 200;
    private const double RatioGoal = 2;
    private const double P99Goal = 10;

    public string Id => "FRESH";

    public string Title => "COMMIT sent on node A until the first fresh read on node B, 200 commits/s; NOTIFY until LISTEN beside it";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var plain = await world.WithoutTriggersAsync();
        await using var a = await Node.StartAsync(world.ConnectionString);
        await using var b = await Node.StartAsync(world.ConnectionString);
        await using var notifier = new NpgsqlConnection(plain);
        await notifier.OpenAsync();
        await using var listener = new NpgsqlConnection(plain);
        await listener.OpenAsync();
        await DataSet.ExecuteAsync(listener, "LISTEN bench");

        var rawTimes = new List<double>();
        var freshTimes = new List<double>();
        var seconds = (int)effort.Stream.TotalSeconds;
        for (var turn = -1; turn < seconds; turn++)
        {
            var raw = await RawAsync(notifier, listener);
            var fresh = await FreshAsync(a, b, turn);
            if (turn >= 0)
            {
                rawTimes.AddRange(raw);
                freshTimes.AddRange(fresh);
            }
        }

        rawTimes.Sort();
        freshTimes.Sort();
        return [.. Figures(rawTimes, freshTimes)];
    }

    private static IEnumerable<Figure> Figures(List<double> raw, List<double> fresh)
    {
        foreach (var (name, at) in new[] { ("min", 0.0), ("p50", 0.5), ("p99", 0.99) })
        {
            yield return new Figure("NOTIFY to LISTEN", name, At(raw, at), "ms");
        }

        yield return new Figure("fresh on B", "min", At(fresh, 0), "ms", "NOTIFY to LISTEN", At(fresh, 0) / At(raw, 0));
        var ratio = At(fresh, 0.5) / At(raw, 0.5);
        yield return new Figure("fresh on B", "p50", At(fresh, 0.5), "ms", "NOTIFY to LISTEN", ratio, $"<= {RatioGoal} x", ratio <= RatioGoal);
        var p99 = At(fresh, 0.99);
        yield return new Figure("fresh on B", "p99", p99, "ms", "NOTIFY to LISTEN", p99 / At(raw, 0.99), $"<= {P99Goal} ms", p99 <= P99Goal);
        yield return new Figure("fresh on B", "commits", fresh.Count, "");
    }

    private static double At(List<double> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];

    private static async Task<List<double>> RawAsync(NpgsqlConnection notifier, NpgsqlConnection listener)
    {
        var times = new List<double>();
        long heard = 0;
        listener.Notification += Hear;
        await using var update = new NpgsqlCommand("UPDATE \"Posts\" SET \"Views\" = \"Views\" + 1 WHERE \"Id\" = 1", notifier);
        await using var notify = new NpgsqlCommand("NOTIFY bench", notifier);
        await PaceAsync(async _ =>
        {
            var waiting = listener.WaitAsync();
            await using var transaction = await notifier.BeginTransactionAsync();
            await update.ExecuteNonQueryAsync();
            await notify.ExecuteNonQueryAsync();
            var start = Stopwatch.GetTimestamp();
            await transaction.CommitAsync();
            await waiting;
            times.Add(Stopwatch.GetElapsedTime(start, heard).TotalMilliseconds);
        });
        listener.Notification -= Hear;
        return times;

        void Hear(object sender, NpgsqlNotificationEventArgs e) => heard = Stopwatch.GetTimestamp();
    }

    private static async Task<List<double>> FreshAsync(Node a, Node b, int turn)
    {
        var times = new List<double>();
        await using var writer = a.Context();
        await using var reader = b.Context();
        var post = await writer.Posts.SingleAsync(p => p.Id == 1);
        await PaceAsync(async n =>
        {
            post.Views = 1_000_000 + (turn * PerSecond) + n;
            await using var transaction = await writer.Database.BeginTransactionAsync();
            await writer.SaveChangesAsync();
            var start = Stopwatch.GetTimestamp();
            var committing = transaction.CommitAsync();

            // A reader that never pauses would keep a processor from those it waits for; .NET's own pauses are too long.
            while ((await BlogQueries.One(reader, 0).Cacheable(BlogQueries.Ttl).SingleAsync()).Views != post.Views)
            {
                _ = Pause(microseconds: 50);
            }

            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await committing;
        });
        return times;
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int Pause(uint microseconds);

    private static async Task PaceAsync(Func<int, Task> commit)
    {
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < PerSecond; n++)
        {
            var due = TimeSpan.FromSeconds((double)n / PerSecond) - clock.Elapsed;
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, TimeProvider.System);
            }

            await commit(n);
        }
    }
}
