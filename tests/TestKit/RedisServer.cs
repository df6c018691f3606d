using FraiseQL.EfCore.TestKit.Servers;
using StackExchange.Redis;
using Testcontainers.Redis;

namespace FraiseQL.EfCore.TestKit;

/// <summary>A Redis server for tests: the one of the environment, a container, or local binaries, in this order.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly Lazy<Task<RedisServer>> Instance = new(() => CreateAsync(mayBeExternal: true));

    private readonly ServerHost _host;

    private RedisServer(ServerHost host) => _host = host;

    /// <summary>Host and port, with options after commas when the environment gave some.</summary>
    public string ConnectionString => _host.Address;

    /// <summary>The server that all tests of this process share: use a key prefix of your own.</summary>
    public static Task<RedisServer> SharedAsync() => Instance.Value;

    /// <summary>A server of one test, which may stop and flush it. Dispose it.</summary>
    public static Task<RedisServer> StartPrivateAsync() => CreateAsync(mayBeExternal: false);

    public Task StartAsync() => _host.StartAsync();

    /// <summary>Stops a private server. It comes back empty, at the same address, or with what it had when <see cref="SaveAsync"/> was last called.</summary>
    public Task StopAsync(bool crash = false) => _host.StopAsync(crash);

    /// <summary>Removes every key of a private server.</summary>
    public async Task FlushAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(ConnectionString + ",allowAdmin=true");
        foreach (var server in connection.GetServers())
        {
            await server.FlushAllDatabasesAsync();
        }
    }

    /// <summary>Writes a copy of everything, with which the server comes back: as when an operator restores an old one.</summary>
    public async Task SaveAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(ConnectionString + ",allowAdmin=true");
        foreach (var server in connection.GetServers())
        {
            await server.ExecuteAsync("SAVE");
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static async Task<RedisServer> CreateAsync(bool mayBeExternal)
    {
        if (mayBeExternal && Environment.GetEnvironmentVariable("FRAISEQL_TEST_REDIS") is { Length: > 0 } external)
        {
            return new RedisServer(new ExternalHost(external));
        }

        var port = ServerHost.FreePort();
        var address = $"127.0.0.1:{port}";
        ServerHost host = await DockerHost.IsAvailableAsync()
            ? new DockerHost(new RedisBuilder("redis:7-alpine").WithPortBinding(port, RedisBuilder.RedisPort).Build(), address)
            : await LocalAsync(port, address);
        await host.StartAsync();
        return new RedisServer(host);
    }

    private static async Task<ProcessHost> LocalAsync(int port, string address)
    {
        var redis = ServerHost.FindExecutable("redis-server")
            ?? throw ServerHost.Missing("Redis", "FRAISEQL_TEST_REDIS", "redis-server", "redis-server");
        var folder = await Unprivileged.CreateFolderAsync("redis");
        var process = GuardedProcess.Create(folder, redis,
            ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]);
        return new ProcessHost(process, address, crashSignal: "KILL", async () =>
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(address + ",connectTimeout=1000,connectRetry=1");
            await connection.GetDatabase().PingAsync();
        });
    }
}
