using System.Diagnostics;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>100 000 rows in one statement, in a captured table and in the same one without triggers, in turns.</summary>
internal sealed class WriteBulk : IBenchmark
{
    private static readonly (string Name, string Sql, double Goal)[] s_statements =
    [
        ("INSERT", "INSERT INTO {0} SELECT * FROM bench_source", 2.5),
        ("UPDATE", "UPDATE {0} SET views = views + 1, title = title || '!'", 3),
        ("DELETE", "DELETE FROM {0}", 6),
    ];

    public string Id => "WRITE-BULK";

    public string Title => "100 000 rows in one statement, with triggers to without";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        await using var tables = await WriteTables.CreateAsync(world);
        await using var connection = new NpgsqlConnection(tables.ConnectionString);
        await connection.OpenAsync();
        var times = s_statements.ToDictionary(s => s.Name, _ => (Plain: new List<double>(), Captured: new List<double>()));
        for (var round = effort.Quick ? 0 : -1; round < (effort.Quick ? 3 : 9); round++)
        {
            foreach (var table in round % 2 == 0 ? new[] { "bench_plain", "bench_captured" } : ["bench_captured", "bench_plain"])
            {
                await DataSet.ExecuteAsync(connection, $"TRUNCATE {table}, fraiseql.change_event");
                await DataSet.ExecuteAsync(connection, "CHECKPOINT");
                foreach (var (name, sql, _) in s_statements)
                {
                    var start = Stopwatch.GetTimestamp();
                    await DataSet.ExecuteAsync(connection, string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, table));
                    var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                    if (round >= 0)
                    {
                        (table == "bench_plain" ? times[name].Plain : times[name].Captured).Add(took);
                    }
                }
            }
        }

        return [.. s_statements.SelectMany(s => Figures(s.Name, s.Goal, times[s.Name].Plain, times[s.Name].Captured))];
    }

    private static IEnumerable<Figure> Figures(string name, double goal, List<double> plain, List<double> captured)
    {
        plain.Sort();
        captured.Sort();
        yield return new Figure($"{name} without triggers", "median", plain[plain.Count / 2], "ms");
        yield return new Figure($"{name} captured", "min", captured[0], "ms", $"{name} without triggers", captured[0] / plain[0]);
        var ratio = captured[captured.Count / 2] / plain[plain.Count / 2];
        yield return new Figure(
            $"{name} captured", "median", captured[captured.Count / 2], "ms", $"{name} without triggers", ratio,
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"<= {goal} x"), ratio <= goal);
    }
}
