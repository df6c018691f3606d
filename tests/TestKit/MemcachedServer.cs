using System.Net.Sockets;
using System.Text;
using DotNet.Testcontainers.Builders;
using FraiseQL.EfCore.TestKit.Servers;

namespace FraiseQL.EfCore.TestKit;

/// <summary>A Memcached server for tests: the one of the environment, a container, or local binaries, in this order.</summary>
public sealed class MemcachedServer : IAsyncDisposable
{
    private const int MemcachedPort = 11211;

    private static readonly Lazy<Task<MemcachedServer>> Instance = new(() => CreateAsync(mayBeExternal: true));

    private readonly ServerHost _host;

    private MemcachedServer(ServerHost host) => _host = host;

    /// <summary>Host and port.</summary>
    public string ConnectionString => _host.Address;

    /// <summary>The server that all tests of this process share: use a key prefix of your own.</summary>
    public static Task<MemcachedServer> SharedAsync() => Instance.Value;

    /// <summary>A server of one test, which may stop it. Dispose it.</summary>
    public static Task<MemcachedServer> StartPrivateAsync() => CreateAsync(mayBeExternal: false);

    public Task StartAsync() => _host.StartAsync();

    public Task StopAsync(bool crash = false) => _host.StopAsync(crash);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static async Task<MemcachedServer> CreateAsync(bool mayBeExternal)
    {
        if (mayBeExternal && Environment.GetEnvironmentVariable("FRAISEQL_TEST_MEMCACHED") is { Length: > 0 } external)
        {
            return new MemcachedServer(new ExternalHost(external));
        }

        var port = ServerHost.FreePort();
        var address = $"127.0.0.1:{port}";
        ServerHost host = await DockerHost.IsAvailableAsync()
            ? new DockerHost(new ContainerBuilder("memcached:1.6-alpine").WithPortBinding(port, MemcachedPort).Build(), address)
            : await LocalAsync(port, address);
        await host.StartAsync();
        return new MemcachedServer(host);
    }

    private static async Task<ProcessHost> LocalAsync(int port, string address)
    {
        var memcached = ServerHost.FindExecutable("memcached")
            ?? throw ServerHost.Missing("Memcached", "FRAISEQL_TEST_MEMCACHED", "memcached", "memcached");
        var folder = await Unprivileged.CreateFolderAsync("memcached");
        var process = GuardedProcess.Create(folder, memcached, ["-p", $"{port}", "-U", "0", "-l", "127.0.0.1"]);
        return new ProcessHost(process, address, crashSignal: "KILL", async () =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("version\r\n"));
            if (await client.GetStream().ReadAsync(new byte[64]) == 0)
            {
                throw new IOException("No answer.");
            }
        });
    }
}
