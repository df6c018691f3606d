using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FraiseQL.EfCore.TestKit;

/// <summary>A TCP proxy on loopback that can misbehave: refuse, cut, pause, delay. Thread-safe.</summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly string _host;
    private readonly int _port;
    private TcpListener? _listener;
    private volatile TaskCompletionSource _flowing = Completed();
    private TimeSpan _delay;

    private FaultyProxy(string host, int port)
    {
        _host = host;
        _port = port;
    }

    /// <summary>The port to connect to, on 127.0.0.1. It stays the same for the life of the proxy.</summary>
    public int Port { get; private set; }

    /// <summary>The proxy's address in the form <c>127.0.0.1:port</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    public static FaultyProxy Start(string host, int port)
    {
        var proxy = new FaultyProxy(host, port);
        proxy.Listen();
        return proxy;
    }

    /// <summary>Closes every connection and refuses new ones until <see cref="Restore"/>.</summary>
    public void Cut()
    {
        Interlocked.Exchange(ref _listener, null)?.Stop();
        foreach (var socket in _sockets.Keys)
        {
            try
            {
                // Zero linger: the other side sees a reset, as when a machine disappears behind a firewall that answers.
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (ObjectDisposedException)
            {
                // Its connection ended at this moment.
            }

            socket.Close();
        }
    }

    /// <summary>Bytes stop flowing; connections stay open, and new ones are accepted but silent.</summary>
    public void Pause() => _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Each chunk of bytes, in both directions, is held back that long.</summary>
    public void Delay(TimeSpan delay) => _delay = delay;

    /// <summary>Ends every misbehaviour.</summary>
    public void Restore()
    {
        _delay = TimeSpan.Zero;
        _flowing.TrySetResult();
        if (_listener is null)
        {
            Listen();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Cut();
    }

    private void Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _listener = listener;
        _ = AcceptAsync(listener);
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptSocketAsync(_stop.Token));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Cut or disposed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var near = client;
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        near.NoDelay = far.NoDelay = true;
        _sockets[near] = _sockets[far] = true;
        try
        {
            await far.ConnectAsync(_host, _port, _stop.Token);
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The server is down or the proxy was cut: the client sees its connection closed.
        }
        finally
        {
            _sockets.TryRemove(near, out _);
            _sockets.TryRemove(far, out _);
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int length;
            while ((length = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
            {
                await _flowing.Task.WaitAsync(_stop.Token);
                if (_delay > TimeSpan.Zero)
                {
                    await Task.Delay(_delay, _stop.Token);
                }

                for (var sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), _stop.Token);
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side closed; ServeAsync closes the other.
        }
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
