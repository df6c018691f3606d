using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.Redis;

/// <summary>The one connection of a context's second level: opened in the background, reopened by StackExchange.Redis. Thread-safe.</summary>
internal sealed partial class RedisConnection : IHostedService, IAsyncDisposable, IDisposable
{
    private readonly Lazy<Task<IConnectionMultiplexer>> _multiplexer;
    private readonly ILogger _logger;

    public RedisConnection(ConfigurationOptions options, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger<RedisConnection>();

        // On another thread from the first instruction on: resolving a name and loading the client must not be paid by a request.
        _multiplexer = new(() => Task.Run(() => ConnectAsync(options)));
    }

    /// <summary>A cache over this connection, which outlives it.</summary>
    public RedisCache CreateCache() => new(new RedisCacheOptions { ConnectionMultiplexerFactory = () => _multiplexer.Value });

    /// <summary>Starts to connect, and does not wait for it.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = _multiplexer.Value;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_multiplexer.IsValueCreated)
        {
            await (await _multiplexer.Value.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>For a container that is disposed synchronously.</summary>
    public void Dispose()
    {
        if (_multiplexer is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: var connected } })
        {
            connected.Dispose();
        }
    }

    private async Task<IConnectionMultiplexer> ConnectAsync(ConfigurationOptions options)
    {
        // With AbortOnConnectFail off, this returns a multiplexer also when the server is down; it goes on trying by itself.
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
        multiplexer.ConnectionFailed += (_, failed) => LogLost(_logger, failed.FailureType);
        multiplexer.ConnectionRestored += (_, _) => LogRestored(_logger);
        if (!multiplexer.IsConnected)
        {
            LogLost(_logger, ConnectionFailureType.UnableToConnect);
        }

        return multiplexer;
    }

    [LoggerMessage(1150, LogLevel.Warning, "The connection to Redis is down ({Failure}); it is tried again in the background.", EventName = "RedisLost")]
    private static partial void LogLost(ILogger logger, ConnectionFailureType failure);

    [LoggerMessage(1151, LogLevel.Information, "The connection to Redis is up again.", EventName = "RedisRestored")]
    private static partial void LogRestored(ILogger logger);
}
