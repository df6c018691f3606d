using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.Redis;

/// <summary>The one connection of a context's second level: opened in the background, reopened by StackExchange.Redis. Thread-safe.</summary>
internal sealed partial class RedisConnection : IAsyncDisposable, IDisposable
{
    private readonly Lazy<Task<IDatabase>> _opening;
    private readonly SocketManager? _threads;
    private readonly ILogger _logger;
    private volatile IDatabase? _database;

    public RedisConnection(ConfigurationOptions options, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger<RedisConnection>();
        _threads = options.Tunnel is BlockingTunnel ? options.SocketManager : null;

        // On another thread from the first instruction on: resolving a name and loading the client must not be paid by a request.
        _opening = new(() => Task.Run(() => ConnectAsync(options)));
    }

    /// <summary>The database, once the client has been set up; it is there also while the server is down.</summary>
    public IDatabase? Database => _database;

    /// <summary>Starts to connect, and does not wait for it.</summary>
    public void Open() => _ = _opening.Value;

    /// <exception cref="TimeoutException">The client was not set up in time; it goes on trying.</exception>
    public Task<IDatabase> OpenAsync(TimeSpan timeout, TimeProvider time, CancellationToken token) => _opening.Value.WaitAsync(timeout, time, token);

    /// <inheritdoc cref="OpenAsync"/>
    public IDatabase Open(TimeSpan timeout) => _opening.Value.Wait(timeout) ? _opening.Value.Result : throw new TimeoutException();

    public async ValueTask DisposeAsync()
    {
        if (_opening.IsValueCreated)
        {
            await (await _opening.Value.ConfigureAwait(false)).Multiplexer.DisposeAsync().ConfigureAwait(false);
        }

        _threads?.Dispose();
    }

    /// <summary>For a container that is disposed synchronously.</summary>
    public void Dispose()
    {
        _database?.Multiplexer.Dispose();
        _threads?.Dispose();
    }

    private async Task<IDatabase> ConnectAsync(ConfigurationOptions options)
    {
        // With AbortOnConnectFail off, this returns a multiplexer also when the server is down; it goes on trying by itself.
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
        multiplexer.ConnectionFailed += (_, failed) => LogLost(_logger, failed.FailureType);
        multiplexer.ConnectionRestored += (_, _) => LogRestored(_logger);
        if (!multiplexer.IsConnected)
        {
            LogLost(_logger, ConnectionFailureType.UnableToConnect);
        }

        return _database = multiplexer.GetDatabase();
    }

    [LoggerMessage(1150, LogLevel.Warning, "The connection to Redis is down ({Failure}); it is tried again in the background.", EventName = "RedisLost")]
    private static partial void LogLost(ILogger logger, ConnectionFailureType failure);

    [LoggerMessage(1151, LogLevel.Information, "The connection to Redis is up again.", EventName = "RedisRestored")]
    private static partial void LogRestored(ILogger logger);
}
