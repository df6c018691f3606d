using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Sockets;
using FraiseQL.EfCore.State.Cache;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Memcached;

/// <summary>One server: its idle connections, and whether it is being left alone after it failed. Thread-safe.</summary>
internal sealed partial class ServerPool : IDisposable
{
    // One lost packet or one stalled connection is not yet a server that is gone; a refused connection is.
    private const int MostFailures = 2;

    private readonly ConcurrentStack<MemcachedConnection> _idle = new();
    private readonly SemaphoreSlim _free;
    private readonly MemcachedAddress _address;
    private readonly TimeSpan _retryAfter;
    private readonly BlockingCalls _threads;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _deadUntil;
    private int _failures;
    private volatile bool _disposed;

    public ServerPool(MemcachedAddress address, MemcachedOptions options, BlockingCalls threads, TimeProvider time, ILogger logger)
    {
        _address = address;
        _retryAfter = options.RetryAfter;
        _free = new SemaphoreSlim(options.MaxConnectionsPerServer, options.MaxConnectionsPerServer);
        _threads = threads;
        _time = time;
        _logger = logger;
    }

    /// <summary>Whether the server is being left alone now.</summary>
    public bool IsDead => Volatile.Read(ref _deadUntil) is not 0 and var until && _time.GetTimestamp() < until;

    /// <summary>Connections that wait for their next use.</summary>
    public int Idle => _idle.Count;

    /// <summary>Whether this caller may use the server: of those who come after the pause, one tries it first.</summary>
    public bool MayTry()
    {
        var until = Volatile.Read(ref _deadUntil);
        if (until == 0)
        {
            return true;
        }

        var now = _time.GetTimestamp();
        return now >= until && Interlocked.CompareExchange(ref _deadUntil, now + Ticks(_retryAfter), until) == until;
    }

    /// <summary>One request and its answer. Throws what went wrong, <see cref="TimeoutException"/> when the time was used up.</summary>
    public async ValueTask<MetaStatus> ExchangeAsync(
        byte[] line, ReadOnlyMemory<byte>? value, IBufferWriter<byte>? destination, bool async, TimeSpan timeout, CancellationToken token)
    {
        using var deadline = async ? Deadline.Async(timeout, token) : Deadline.Sync(timeout);
        try
        {
            if (!(async ? await _free.WaitAsync(timeout, token).ConfigureAwait(false) : _free.Wait(timeout, token)))
            {
                // All connections are busy: that says nothing new about the server.
                throw new TimeoutException();
            }

            MetaStatus status;
            try
            {
                status = await OnConnectionAsync(line, value, destination, async, deadline).ConfigureAwait(false);
            }
            finally
            {
                _free.Release();
            }

            Succeeded();
            return status;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The caller's own doing; the server may be well.
            throw;
        }
        catch (Exception error) when (error is OperationCanceledException or TimeoutException || IsTimeout(error))
        {
            Failed(isRefused: false);
            throw new TimeoutException();
        }
        catch (Exception error)
        {
            Failed(IsRefused(error));
            throw;
        }
    }

    /// <summary>The server's settings, over a connection of its own.</summary>
    public async Task<IReadOnlyDictionary<string, string>> SettingsAsync(TimeSpan timeout, CancellationToken token)
    {
        using var deadline = Deadline.Async(timeout, token);
        using var connection = await MemcachedConnection.OpenAsync(_address, _threads, async: true, deadline).ConfigureAwait(false);
        return await connection.SettingsAsync(deadline).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _disposed = true;
        Drain();
    }

    private async ValueTask<MetaStatus> OnConnectionAsync(
        byte[] line, ReadOnlyMemory<byte>? value, IBufferWriter<byte>? destination, bool async, Deadline deadline)
    {
        var connection = Rent() ?? await MemcachedConnection.OpenAsync(_address, _threads, async, deadline).ConfigureAwait(false);
        try
        {
            return await connection.ExchangeAsync(line, value, destination, async, deadline).ConfigureAwait(false);
        }
        finally
        {
            if (connection.IsUsable && !_disposed)
            {
                _idle.Push(connection);
            }
            else
            {
                connection.Dispose();
            }
        }
    }

    private MemcachedConnection? Rent()
    {
        while (_idle.TryPop(out var connection))
        {
            if (!connection.IsStale())
            {
                return connection;
            }

            connection.Dispose();
        }

        return null;
    }

    private void Succeeded()
    {
        Volatile.Write(ref _failures, 0);
        if (Volatile.Read(ref _deadUntil) != 0 && Interlocked.Exchange(ref _deadUntil, 0) != 0)
        {
            LogBack(_logger);
        }
    }

    private void Failed(bool isRefused)
    {
        if (Interlocked.Increment(ref _failures) < MostFailures && !isRefused)
        {
            return;
        }

        if (Interlocked.Exchange(ref _deadUntil, _time.GetTimestamp() + Ticks(_retryAfter)) == 0)
        {
            LogLost(_logger);
        }

        Drain();
    }

    private void Drain()
    {
        while (_idle.TryPop(out var connection))
        {
            connection.Dispose();
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _time.TimestampFrequency);

    private static bool IsTimeout(Exception error)
        => Inner(error) is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock };

    private static bool IsRefused(Exception error)
        => Inner(error) is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.HostUnreachable or SocketError.NetworkUnreachable };

    private static Exception Inner(Exception error) => error is AggregateException { InnerException: { } inner } ? inner : error;

    [LoggerMessage(1160, LogLevel.Warning, "A Memcached server failed and is left alone for a while; its share of the keys is not cached meanwhile.", EventName = "MemcachedLost")]
    private static partial void LogLost(ILogger logger);

    [LoggerMessage(1161, LogLevel.Information, "A Memcached server answers again.", EventName = "MemcachedRestored")]
    private static partial void LogBack(ILogger logger);
}
