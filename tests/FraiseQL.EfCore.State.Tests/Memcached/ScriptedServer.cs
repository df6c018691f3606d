using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FraiseQL.EfCore.State.Tests.Memcached;

/// <summary>A TCP server on loopback that answers each request as the test says. A request is what arrives at once.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private int _connections;

    public ScriptedServer(Func<string, byte[]?> answer)
    {
        Answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Null closes the connection; an empty answer is silence.</summary>
    public Func<string, byte[]?> Answer { get; set; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        Interlocked.Increment(ref _connections);
        using var connection = socket;
        var buffer = new byte[64 * 1024];
        try
        {
            int length;
            while ((length = await socket.ReceiveAsync(buffer, _stop.Token)) > 0)
            {
                if (Answer(Encoding.ASCII.GetString(buffer, 0, length)) is not { } answer)
                {
                    return;
                }

                await socket.SendAsync(answer, _stop.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            // Closed by either side.
        }
    }
}
