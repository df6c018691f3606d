using System.Diagnostics;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>Transactions of one INSERT and of one UPDATE, by 1, 4 and 16 clients, with and without waiting for the disk.</summary>
internal sealed class WriteOne : IBenchmark
{
    private static readonly string[] s_tables = ["bench_plain", "bench_notify", "bench_captured"];

    private int _nextId = 1_000_000;

    public string Id => "WRITE-1";

    public string Title => "Transactions of one row a second: captured, a row trigger that only notifies, and no trigger";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        await using var tables = await WriteTables.CreateAsync(world);
        foreach (var table in s_tables)
        {
            await using var connection = new NpgsqlConnection(tables.ConnectionString);
            await connection.OpenAsync();
            await DataSet.ExecuteAsync(connection, $"SET session_replication_role = replica; INSERT INTO {table} SELECT * FROM bench_source; ANALYZE {table}");
        }

        var figures = new List<Figure>();
        foreach (var synchronous in new[] { "on", "off" })
        {
            foreach (var clients in new[] { 1, 4, 16 })
            {
                foreach (var statement in new[] { "INSERT", "UPDATE" })
                {
                    figures.AddRange(await CompareAsync(tables.ConnectionString, statement, clients, synchronous, effort));
                }
            }
        }

        return figures;
    }

    private async Task<IEnumerable<Figure>> CompareAsync(string connectionString, string statement, int clients, string synchronous, Effort effort)
    {
        var connections = await OpenAsync(connectionString, clients, synchronous);
        var rates = s_tables.ToDictionary(t => t, _ => new List<double>());
        for (var round = effort.Quick ? 0 : -1; round < (effort.Quick ? 3 : 9); round++)
        {
            for (var i = 0; i < s_tables.Length; i++)
            {
                var table = s_tables[(i + round + 1) % s_tables.Length];
                var rate = await RateAsync(connections, table, statement, effort.Quick ? TimeSpan.FromMilliseconds(150) : TimeSpan.FromSeconds(1));
                if (round >= 0)
                {
                    rates[table].Add(rate);
                }
            }
        }

        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        var name = $"{statement}, {clients} clients, synchronous_commit {synchronous}";
        double Median(string table) => rates[table].Order().ElementAt(rates[table].Count / 2);
        var (plain, notify, captured) = (Median("bench_plain"), Median("bench_notify"), Median("bench_captured"));
        var judged = clients == 16;
        return
        [
            new Figure($"{name}: none", "median", plain, "tx/s"),
            new Figure($"{name}: notify", "median", notify, "tx/s", "none", notify / plain),
            new Figure($"{name}: captured", "median", captured, "tx/s", "none", captured / plain, judged ? ">= 0.8 x" : null, judged ? captured / plain >= 0.8 : null),
            new Figure($"{name}: captured", "median", captured, "tx/s", "notify", captured / notify, judged ? ">= 3 x" : null, judged ? captured / notify >= 3 : null),
        ];
    }

    private static async Task<List<NpgsqlConnection>> OpenAsync(string connectionString, int clients, string synchronous)
    {
        var connections = new List<NpgsqlConnection>();
        for (var i = 0; i < clients; i++)
        {
            var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
            await connection.OpenAsync();
            await DataSet.ExecuteAsync(connection, $"SET synchronous_commit = {synchronous}");
            connections.Add(connection);
        }

        return connections;
    }

    private async Task<double> RateAsync(List<NpgsqlConnection> connections, string table, string statement, TimeSpan duration)
    {
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(connections.Select((connection, n) => Task.Run(async () =>
        {
            var random = new Random(n);
            var sql = statement == "INSERT"
                ? $"INSERT INTO {table} SELECT $1, author_id, slug, title, body, views, rating, published_at, pinned FROM bench_source LIMIT 1"
                : $"UPDATE {table} SET views = views + 1 WHERE id = $1";
#pragma warning disable CA2100 // Constants of this program.
            await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
            var id = new NpgsqlParameter<int>();
            command.Parameters.Add(id);
            await command.PrepareAsync();
            var count = 0;
            while (Stopwatch.GetElapsedTime(start) < duration)
            {
                id.TypedValue = statement == "INSERT" ? Interlocked.Increment(ref _nextId) : random.Next(1, WriteTables.Rows + 1);
                await command.ExecuteNonQueryAsync();
                count++;
            }

            return count;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
