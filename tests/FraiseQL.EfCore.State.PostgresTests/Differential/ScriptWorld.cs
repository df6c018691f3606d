using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>A database, two nodes on it, and the Redis that they share, one script after the other.</summary>
internal sealed class ScriptWorld : IAsyncDisposable
{
    private readonly RedisServer _redis;
    private readonly FaultyProxy _proxy;
    private readonly PostgresServer? _server;
    private readonly List<Node> _nodes = [];
    private int _reads;
    private int _hits;
    private int _sharedHits;

    private ScriptWorld(string connectionString, RedisServer redis, PostgresServer? server)
    {
        // A transaction that stays open holds locks; who waits for them in vain has not written.
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString) { Options = "-c lock_timeout=60ms" }.ConnectionString;
        _redis = redis;
        _server = server;
        var parts = redis.ConnectionString.Split(':');
        _proxy = FaultyProxy.Start(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    public string ConnectionString { get; }

    public IReadOnlyList<Node> Nodes => _nodes;

    public int Scripts { get; private set; }

    public int Faults { get; private set; }

    public string Counts => $"{Scripts} scripts, {_reads} answers judged, {_hits} of them from memory and {_sharedHits} from Redis, {Faults} faults";

    public double HitRatio => (_hits + _sharedHits) / (double)Math.Max(1, _reads);

    /// <summary>Starts the nodes.</summary>
    /// <param name="redis">Which Redis they share.</param>
    /// <param name="server">The server whose database it is, if faults may crash it.</param>
    /// <param name="isSlow">Whether the nodes hear of foreign commits late.</param>
    public static async Task<ScriptWorld> StartAsync(RedisServer redis, PostgresServer? server = null, bool isSlow = false)
    {
        var connectionString = server is null ? await PostgresServer.CreateSharedDatabaseAsync() : await server.CreateDatabaseAsync();
        await Seed.CreateAsync(connectionString);
        var world = new ScriptWorld(connectionString, redis, server);
        for (var i = 0; i < 2; i++)
        {
            world._nodes.Add(await Node.StartAsync(world.ConnectionString, world._proxy.Address, o =>
            {
                o.Cache.L2.Timeout = TimeSpan.FromSeconds(server is null ? 2 : 0.1);
                o.Cdc.Transport = isSlow ? CdcTransport.Poll : CdcTransport.Notify;
                o.Cdc.MaxReconnectDelay = TimeSpan.FromMilliseconds(200);
            }));
        }

        return world;
    }

    public FreshnessLedger LedgerOf(int node) => CaughtUp.LedgerOf(_nodes[node], ConnectionString);

    public Task CaughtUpAsync() => PatientlyAsync(() => CaughtUp.AllAsync(ConnectionString, _nodes));

    public void Ran()
    {
        Scripts++;
        foreach (var node in _nodes)
        {
            node.Logs.Clear();
        }
    }

    public void Answered(CacheOutcome outcome)
    {
        _reads++;
        _hits += outcome == CacheOutcome.L1Hit ? 1 : 0;
        _sharedHits += outcome == CacheOutcome.L2Hit ? 1 : 0;
    }

    /// <summary>Does something that the database may refuse: <see langword="true"/> when it was done, <see langword="null"/> when it was not, else it is in doubt.</summary>
    public async Task<bool?> TryAsync(Func<Task> action)
    {
        try
        {
            await action();
            return true;
        }
        catch (Exception exception) when (Change.IsRefusal(exception))
        {
            return null;
        }
        catch (Exception exception) when (exception is not ViolationException && Faults > 0)
        {
            return false;
        }
    }

    /// <summary>Does it until it succeeds, where something may be broken.</summary>
    public async Task PatientlyAsync(Func<Task> action)
    {
        if (Faults == 0)
        {
            await action();
            return;
        }

        await Eventually.Until(
            async () =>
            {
                await action();
                return true;
            },
            TimeSpan.FromSeconds(60));
    }

    /// <summary>Breaks something and goes on while it is broken or just mended.</summary>
    public async Task BreakAsync(int kind)
    {
        Faults++;
        switch (kind)
        {
            case < 10:
                await TryAsync(() => _server!.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%fraiseql-%'"));
                break;
            case < 16:
                await TryAsync(() => _server!.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE 'fraiseql%'"));
                break;
            case < 26:
                await TryAsync(_redis.FlushAsync);
                break;
            case < 32:
                await _redis.SaveAsync();
                break;
            case < 36:
                await _redis.StopAsync(crash: true);
                await _redis.StartAsync();
                break;
            case < 42:
                _proxy.Cut();
                break;
            case < 46:
                _proxy.Pause();
                break;
            case < 50:
                _proxy.Delay(TimeSpan.FromMilliseconds(30));
                break;
            case < 54:
                _proxy.Garble();
                break;
            case < 56:
                await _server!.StopAsync(crash: true);
                await _server.StartAsync();
                break;
            default:
                _proxy.Restore();
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        await _proxy.DisposeAsync();
    }
}
