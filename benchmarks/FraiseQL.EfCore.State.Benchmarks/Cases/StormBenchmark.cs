using System.Data;
using System.Diagnostics;
using System.Globalization;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// Readers and writers on few rows: what is read after a commit has been acknowledged on the same node and is older is stale; on the other node, what is
/// older by more than 100 ms. What is old when all is over, and stays it, is stuck.
/// </summary>
internal sealed class StormBenchmark : IBenchmark
{
    private const int Rows = 50;
    private const int Readers = 8;
    private const int Writers = 2;

    private static readonly TimeSpan s_foreign = TimeSpan.FromMilliseconds(100);
    private static readonly IsolationLevel[] s_isolations = [IsolationLevel.ReadCommitted, IsolationLevel.RepeatableRead, IsolationLevel.Serializable];

    public string Id => "STORM";

    public string Title => "8 readers and 2 writers on 50 rows: stale reads, stuck entries and reads a second, beside HybridCache";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var duration = TimeSpan.FromMilliseconds(effort.Quick ? 200 : 3000);
        var totals = new Dictionary<string, Totals>();
        foreach (var nodes in (int[])[1, 2])
        {
            var slow = new SlowQueries();
            foreach (var start in (Func<Task<StormSide>>[])[
                async () => await StateSide.StartAsync(world, nodes, slow),
                () => Task.FromResult<StormSide>(new HybridSide(world, nodes, slow, byTag: true)),
                () => Task.FromResult<StormSide>(new HybridSide(world, nodes, slow, byTag: false))])
            {
                // One after the other: a node that listens to another side's writes would slow them.
                await using var side = await start();
                foreach (var pause in (double[])[0, 5])
                {
                    var name = string.Create(CultureInfo.InvariantCulture, $"{side.Name}, {nodes} node{(nodes > 1 ? "s" : "")}, {(pause > 0 ? "5 ms" : "fast")}");
                    foreach (var isolation in s_isolations)
                    {
                        slow.Pause = TimeSpan.FromMilliseconds(pause);
                        var total = await RunAsync(side, nodes, isolation, duration, slow);
                        totals[name] = totals.TryGetValue(name, out var before) ? before + total : total;
                    }
                }
            }
        }

        return [.. totals.SelectMany(t => Figures(t.Key, t.Value, totals))];
    }

    private static IEnumerable<Figure> Figures(string name, Totals mine, Dictionary<string, Totals> all)
    {
        var isOurs = name.StartsWith("FraiseQL", StringComparison.Ordinal);
        var against = isOurs ? name.Replace("FraiseQL", "HybridCache tags", StringComparison.Ordinal) : null;
        double? ratio = against is null ? null : mine.PerSecond / all[against].PerSecond;
        yield return new Figure(name, "stale reads", mine.Stale, "", Goal: isOurs ? "0" : null, Met: isOurs ? mine.Stale == 0 : null);
        yield return new Figure(name, "stuck entries", mine.Stuck, "", Goal: isOurs ? "0" : null, Met: isOurs ? mine.Stuck == 0 : null);
        yield return new Figure(name, "reads", mine.PerSecond, "1/s", against, ratio, isOurs ? ">= 1 x" : null, isOurs ? ratio >= 1 : null);
        yield return new Figure(name, "writes", mine.Writes / mine.Seconds, "1/s");
    }

    private static async Task<Totals> RunAsync(StormSide side, int nodes, IsolationLevel isolation, TimeSpan duration, SlowQueries slow)
    {
        // Per row its last acknowledged version and since when; the second array is what it was before that.
        var acknowledged = new Acknowledged[Rows + 1];
        for (var id = 1; id <= Rows; id++)
        {
            acknowledged[id] = new Acknowledged();
        }

        var (reads, stale, writes) = (0L, 0L, 0L);
        using var end = new CancellationTokenSource();
        var tasks = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Writers; i++)
        {
            var number = i;
            tasks.Add(Task.Run(() => WriteAsync(number)));
        }

        for (var i = 0; i < Readers; i++)
        {
            var number = i;
            tasks.Add(Task.Run(() => ReadAsync(number)));
        }

        await Task.Delay(duration, TimeProvider.System);
        await end.CancelAsync();
        await Task.WhenAll(tasks);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // What is still being told has come by then.
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        slow.Pause = TimeSpan.Zero;
        var stuck = 0;
        for (var node = 0; node < nodes; node++)
        {
            await using var db = side.Context(node);
            for (var id = 1; id <= Rows; id++)
            {
                var version = await db.Posts.AsNoTracking().Where(p => p.Id == id).Select(p => p.Views).SingleAsync();
                stuck += await side.ReadAsync(node, db, id) == version ? 0 : 1;
            }
        }

        return new Totals(reads, stale, stuck, writes, seconds);

        async Task ReadAsync(int number)
        {
            var random = new Random(number);
            var node = number % nodes;
            await using var db = side.Context(node);
            var (mine, old) = (0L, 0L);
            while (!end.IsCancellationRequested)
            {
                var id = 1 + random.Next(Rows);
                var least = acknowledged[id].Least(node);
                var version = await side.ReadAsync(node, db, id);
                mine++;
                old += version < least ? 1 : 0;
                if (mine % 64 == 0)
                {
                    await Task.Yield();
                }
            }

            Interlocked.Add(ref reads, mine);
            Interlocked.Add(ref stale, old);
        }

        async Task WriteAsync(int number)
        {
            var random = new Random(100 + number);
            var node = number % nodes;
            var rows = Rows / Writers;
            while (!end.IsCancellationRequested)
            {
                var id = 1 + (Writers * random.Next(rows)) + number;
                await using var db = side.Context(node);
                try
                {
                    await using var transaction = await db.Database.BeginTransactionAsync(isolation);
                    var post = await db.Posts.SingleAsync(p => p.Id == id);
                    post.Views++;
                    await db.SaveChangesAsync();
                    await transaction.CommitAsync();
                    await side.WrittenAsync(node, id);
                    acknowledged[id].Set(node, post.Views);
                    Interlocked.Increment(ref writes);
                }
                catch (Exception exception) when (exception.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure })
                {
                    // SERIALIZABLE asks for another try.
                }
            }
        }
    }

    /// <summary>A row's versions, as they were acknowledged; one writer.</summary>
    private sealed class Acknowledged
    {
        private volatile Note _newest = new(0, -1, 0, null);

        public void Set(int node, int version)
        {
            var before = _newest;
            _newest = new Note(version, node, Stopwatch.GetTimestamp(), before with { Before = null });
        }

        /// <summary>What a read on a node that begins now must not be older than.</summary>
        public int Least(int node)
        {
            var newest = _newest;
            return newest.Node == node || Stopwatch.GetElapsedTime(newest.At) > s_foreign ? newest.Version : newest.Before?.At is { } at && Stopwatch.GetElapsedTime(at) > s_foreign ? newest.Before.Version : 0;
        }

        private sealed record Note(int Version, int Node, long At, Note? Before);
    }

    private sealed record Totals(long Reads, long Stale, int Stuck, long Writes, double Seconds)
    {
        public double PerSecond => Reads / Seconds;

        public static Totals operator +(Totals a, Totals b)
            => new(a.Reads + b.Reads, a.Stale + b.Stale, a.Stuck + b.Stuck, a.Writes + b.Writes, a.Seconds + b.Seconds);
    }
}
