using System.Data;
using System.Diagnostics;
using System.Globalization;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Faults;

/// <summary>
/// Two nodes that are processes, each behind proxies of its own, on a server and a Redis that can be broken, while both and a foreign program write.
/// </summary>
internal sealed class Storm : IAsyncDisposable
{
    private readonly Process?[] _processes = new Process?[2];
    private readonly FaultyProxy[] _databases = new FaultyProxy[2];
    private readonly FaultyProxy[] _caches = new FaultyProxy[2];
    private readonly CancellationTokenSource _end = new();
    private readonly List<string> _said = [];
    private readonly Action<string> _output;
    private readonly string _folder = Directory.CreateTempSubdirectory("storm").FullName;
    private readonly CommitLog _log;
    private readonly string _database;
    private Task _writer = Task.CompletedTask;

    private Storm(PostgresServer server, RedisServer redis, string database, Action<string> output)
    {
        (Server, Redis, _database, _output) = (server, redis, database, output);
        _log = CommitLog.Create(Path.Combine(_folder, "log"));
        for (var i = 0; i < 2; i++)
        {
            var parts = redis.ConnectionString.Split(':');
            _caches[i] = FaultyProxy.Start(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
            var address = new NpgsqlConnectionStringBuilder(database);
            _databases[i] = FaultyProxy.Start(address.Host!, address.Port);
        }
    }

    public PostgresServer Server { get; }

    public RedisServer Redis { get; }

    public FaultyProxy DatabaseOf(int node) => _databases[node];

    public FaultyProxy CacheOf(int node) => _caches[node];

    public CommitLog.Counters CountersOf(int node) => _log.Of(node);

    public long Violations => _log.Of(0).Violations + _log.Of(1).Violations;

    public string Counts
        => string.Join("; ", Enumerable.Range(0, 2).Select(i => _log.Of(i) is var c
            ? $"node {i}: {c.Reads} reads, {c.Hits} from memory, {c.SharedHits} from Redis, {c.Errors} errors, {c.Writes} writes, {c.Violations} violations"
            : ""));

    public static async Task<Storm> StartAsync(PostgresServer server, RedisServer redis, Action<string> output)
    {
        var database = await server.CreateDatabaseAsync();
        await Seed.CreateAsync(database);
        await Seed.ExecuteAsync(database, "UPDATE \"Posts\" SET \"Views\" = 0");
        var storm = new Storm(server, redis, database, output);
        storm.StartNode(0);
        storm.StartNode(1);
        storm._writer = Task.Run(storm.WriteAsync);
        await storm.RecoveredAsync("the start");
        return storm;
    }

    public static IsolationLevel AnyIsolation(Random random)
        => random.Next(3) switch
        {
            0 => IsolationLevel.RepeatableRead,
            1 => IsolationLevel.Serializable,
            _ => IsolationLevel.ReadCommitted,
        };

    public void StartNode(int node)
    {
        var database = new NpgsqlConnectionStringBuilder(_database) { Host = "127.0.0.1", Port = _databases[node].Port, Timeout = 2, CommandTimeout = 10 }.ConnectionString;
        var process = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(Storm).Assembly.Location, "storm-node", database, _caches[node].Address, Path.Combine(_folder, "log"), $"{node}"])
        {
            RedirectStandardOutput = true,
        })!;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                lock (_said)
                {
                    _said.Add($"node {node}: {text}");
                }
            }
        };
        process.BeginOutputReadLine();
        _processes[node] = process;
    }

    public async Task KillAsync(int node)
    {
        _processes[node]!.Kill();
        await _processes[node]!.WaitForExitAsync();
        _processes[node]!.Dispose();
    }

    public async Task SignalAsync(int node, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_processes[node]!.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Ends the sessions that listen, again and again for so long: nothing is heard, and queries are answered.</summary>
    public async Task SilenceAsync(TimeSpan duration)
    {
        var start = TimeProvider.System.GetTimestamp();
        do
        {
            await Server.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%fraiseql-listener%'");
            await Task.Delay(20);
        }
        while (TimeProvider.System.GetElapsedTime(start) < duration);
    }

    /// <summary>Awaits, after a fault is over, a hit with the newest version on each node, and tells how long it took.</summary>
    public async Task RecoveredAsync(string fault)
    {
        var start = Stopwatch.GetTimestamp();
        await Eventually.Until(() => _log.Of(0).FreshHitAt > start && _log.Of(1).FreshHitAt > start, TimeSpan.FromSeconds(60), () => Counts);
        _output(string.Create(
            CultureInfo.InvariantCulture,
            $"{fault}: recovered after {Stopwatch.GetElapsedTime(start, _log.Of(0).FreshHitAt).TotalMilliseconds:0} and {Stopwatch.GetElapsedTime(start, _log.Of(1).FreshHitAt).TotalMilliseconds:0} ms at most"));
        ThrowIfViolated(fault);
    }

    /// <summary>Nobody writes any more: every answer of both nodes becomes the database's, and stays it.</summary>
    public async Task RestAsync()
    {
        _log.IsAtRest = true;
        await _end.CancelAsync();
        await _writer;
        var versions = new long[CommitLog.Rows + 1];
        while (true)
        {
            // A node's last write may still be under way.
            var before = (long[])versions.Clone();
            await ReadVersionsAsync(versions);
            if (before.SequenceEqual(versions))
            {
                break;
            }

            await Task.Delay(300);
        }

        for (var row = 1; row <= CommitLog.Rows; row++)
        {
            _log.SetFinal(row, versions[row]);
        }

        (_log.Of(0).AtRest, _log.Of(1).AtRest) = (0, 0);
        await Eventually.Until(() => _log.Of(0).AtRest > 10 && _log.Of(1).AtRest > 10, TimeSpan.FromSeconds(60), () => Counts);
        _output(Counts);
        ThrowIfViolated("rest");
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _writer;
        foreach (var process in _processes.OfType<Process>())
        {
            process.Kill();
            process.Dispose();
        }

        foreach (var proxy in _databases.Concat(_caches))
        {
            await proxy.DisposeAsync();
        }

        _log.Dispose();
        _end.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void ThrowIfViolated(string fault)
    {
        if (Violations == 0)
        {
            return;
        }

        lock (_said)
        {
            throw new Differential.ViolationException($"By the end of «{fault}»: {Counts}\n{string.Join('\n', _said.Take(40))}");
        }
    }

    private async Task ReadVersionsAsync(long[] versions)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT \"Id\", \"Views\" FROM \"Posts\"", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            versions[reader.GetInt32(0)] = reader.GetInt32(1);
        }
    }

    // Another program, which knows nothing of the library.
    private async Task WriteAsync()
    {
        var random = new Random();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var row = random.Next(1, CommitLog.Rows + 1);
                await using var connection = new NpgsqlConnection(_database);
                await connection.OpenAsync();
                await using var transaction = await connection.BeginTransactionAsync(AnyIsolation(random));
                await using var command = new NpgsqlCommand("UPDATE \"Posts\" SET \"Views\" = \"Views\" + 1 WHERE \"Id\" = $1 RETURNING \"Views\"", connection);
                command.Parameters.AddWithValue(row);
                var version = (int)(await command.ExecuteScalarAsync())!;
                await transaction.CommitAsync();
                _log.Acknowledge(row, version);
                await Task.Delay(random.Next(20), CancellationToken.None);
            }
            catch (NpgsqlException)
            {
                // Down, or another was first: what became of it, the row knows.
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }
}
