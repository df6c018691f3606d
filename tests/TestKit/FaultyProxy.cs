using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FraiseQL.EfCore.TestKit;

/// <summary>A TCP proxy on loopback that can misbehave: refuse, cut, pause, delay, garble, reset in mid-answer. Thread-safe.</summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly string _host;
    private readonly int _port;
    private TcpListener? _listener;
    private volatile TaskCompletionSource _flowing = Completed();
    private TimeSpan _delay;
    private volatile bool _garble;
    private volatile bool _halve;

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

    /// <summary>What the server sends arrives as other bytes.</summary>
    public void Garble() => _garble = true;

    /// <summary>Of what the server sends next, half arrives, and then the connection is reset; so is every later one.</summary>
    public void Halve() => _halve = true;

    /// <summary>Ends every misbehaviour.</summary>
    public void Restore()
    {
        _garble = false;
        _halve = false;
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
            await Task.WhenAny(PumpAsync(near, far, isAnswer: false), PumpAsync(far, near, isAnswer: true));
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

    private async Task PumpAsync(Socket from, Socket to, bool isAnswer)
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

                if (isAnswer && _garble)
                {
                    for (var i = 0; i < length; i++)
                    {
                        buffer[i] ^= (byte)(0x55 + i);
                    }
                }

                var isHalf = isAnswer && _halve;
                for (var (sent, count) = (0, isHalf ? length / 2 : length); sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stop.Token);
                }

                if (isHalf)
                {
                    to.LingerState = new LingerOption(true, 0);
                    to.Close();
                    return;
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
