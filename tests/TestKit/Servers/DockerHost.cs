using System.Net.Sockets;
using System.Text;
using DotNet.Testcontainers.Containers;

namespace FraiseQL.EfCore.TestKit.Servers;

/// <summary>A server in a container. Its host port is fixed, so that a stopped and restarted server keeps its address.</summary>
internal sealed class DockerHost(IContainer container, string address) : ServerHost
{
    private static readonly Lazy<Task<bool>> Engine = new(AnswersAsync);

    public override string Address => address;

    /// <summary>Whether a Docker engine answers; decided once, in at most a second.</summary>
    public static Task<bool> IsAvailableAsync() => Engine.Value;

    public override Task StartAsync() => container.StartAsync();

    public override Task StopAsync(bool crash) => container.StopAsync();

    public override ValueTask DisposeAsync() => container.DisposeAsync();

    private static async Task<bool> AnswersAsync()
    {
        var host = Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
        if (!Uri.TryCreate(host, UriKind.Absolute, out var uri))
        {
            return false;
        }

        var unix = uri.Scheme == "unix";
        if (unix && !File.Exists(uri.AbsolutePath))
        {
            return false;
        }

        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            using var socket = unix
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
            await (unix
                ? socket.ConnectAsync(new UnixDomainSocketEndPoint(uri.AbsolutePath), limit.Token)
                : socket.ConnectAsync(uri.Host, uri.Port > 0 ? uri.Port : 2375, limit.Token));
            await socket.SendAsync(Encoding.ASCII.GetBytes("GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"), limit.Token);
            var answer = new byte[64];
            var length = await socket.ReceiveAsync(answer, limit.Token);
            return Encoding.ASCII.GetString(answer, 0, length).StartsWith("HTTP/1", StringComparison.Ordinal);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or IOException)
        {
            return false;
        }
    }
}
