using System.Diagnostics;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>
/// A backlog that appears at once: from the commit of so many events to the moment when a node's listener has handed all of them to its cache. Beside
/// it, in turns: COPY of the same rows to this process, which drops them.
/// </summary>
internal sealed class Catchup : IBenchmark
{
    private const double Goal = 200_000;

    public string Id => "CATCHUP";

    public string Title => "A node's listener reads a backlog of events into its cache; COPY TO STDOUT of the same rows beside it";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var copies = effort.Quick ? 10 : 50;
        await using var node = await Node.StartAsync(world.ConnectionString);
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.ConnectionString) { CommandTimeout = 600 }.ConnectionString);
        await connection.OpenAsync();
        await DataSet.ExecuteAsync(
            connection,
            "TRUNCATE fraiseql.change_event; UPDATE \"Posts\" SET \"Views\" = \"Views\" + 1; CREATE TEMP TABLE events AS SELECT * FROM fraiseql.change_event");
        var copied = new List<double>();
        var read = new List<double>();
        var memory = new List<double>();
        var events = 0L;
        for (var round = -1; round < (effort.Quick ? 2 : 3); round++)
        {
            await DataSet.ExecuteAsync(connection, "TRUNCATE fraiseql.change_event");
            var (rate, grown, count) = await ReadAsync(node, connection, copies);
            var copy = await CopyAsync(connection, count);
            if (round >= 0)
            {
                events = count;
                read.Add(rate);
                memory.Add(grown);
                copied.Add(copy);
            }
        }

        await DataSet.ExecuteAsync(connection, "TRUNCATE fraiseql.change_event");
        read.Sort();
        copied.Sort();
        var (readMedian, copyMedian) = (read[read.Count / 2], copied[copied.Count / 2]);
        return
        [
            new Figure("COPY TO STDOUT", "median", copyMedian, "events/s"),
            new Figure("listener", "median", readMedian, "events/s", "COPY TO STDOUT", readMedian / copyMedian, $">= {Goal} events/s", readMedian >= Goal),
            new Figure("listener", "heap grown by", memory.Max(), "MB"),
            new Figure("listener", "backlog", events, "events"),
        ];
    }

    private static async Task<(double Rate, double Grown, long Count)> ReadAsync(Node node, NpgsqlConnection connection, int copies)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO fraiseql.change_event (entity, relation, op, key, before, after, cols, data, old, ctx)
            SELECT entity, relation, op, key, before, after, cols, data, old, ctx FROM events, generate_series(1, $1)
            """,
            connection);
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = copies });
        var count = await insert.ExecuteNonQueryAsync();
        await using var ring = new NpgsqlCommand("SELECT pg_current_xact_id() FROM pg_notify('fraiseql_events', '')", connection);
        var id = (ulong)(await ring.ExecuteScalarAsync())!;

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = before;
        var start = Stopwatch.GetTimestamp();
        await transaction.CommitAsync();
        while (node.Listener.Position?.Sees(id) != true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false));
        }

        return (count / Stopwatch.GetElapsedTime(start).TotalSeconds, (most - before) / 1048576.0, count);
    }

    private static async Task<double> CopyAsync(NpgsqlConnection connection, long count)
    {
        var start = Stopwatch.GetTimestamp();
        await using (Stream stream = await connection.BeginRawBinaryCopyAsync("COPY fraiseql.change_event TO STDOUT (FORMAT binary)"))
        {
            var buffer = new byte[81920];
            while (await stream.ReadAsync(buffer) > 0)
            {
            }
        }

        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
