using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Retry;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>
/// One per context and process: follows the event log for as long as the host runs, across lost connections and restarted servers.
/// It never ends the host and never delays its start.
/// </summary>
internal sealed class ChangeListener : BackgroundService
{
    private static readonly TimeSpan FirstReconnectDelay = TimeSpan.FromMilliseconds(50);

    private readonly ContextDatabase _database;
    private readonly StateRuntime _runtime;
    private readonly ListenerStatus _status;
    private readonly BroadcastFanOut _consumers;
    private readonly CaptureWatch _capture;
    private readonly LogCursor _cursor = new();
    private readonly ILogger _logger;
    private readonly ResiliencePipeline<ListenerSession> _connect;

    public ChangeListener(
        ContextDatabase database, StateRuntime runtime, IEnumerable<IBroadcastConsumer> consumers, ListenerStatus status,
        Func<NpgsqlConnection, CancellationToken, Task<CaptureReport>> checkCapture)
    {
        _database = database;
        _runtime = runtime;
        _status = status;
        _logger = runtime.Logger;
        _consumers = new BroadcastFanOut([.. consumers], _logger);
        _capture = new CaptureWatch(database.Name, checkCapture, status, _logger);
        _connect = new ResiliencePipelineBuilder<ListenerSession> { TimeProvider = runtime.Time }
            .AddRetry(new RetryStrategyOptions<ListenerSession>
            {
                ShouldHandle = static outcome => new(outcome.Outcome.Exception is not null && !outcome.Context.CancellationToken.IsCancellationRequested),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstReconnectDelay,
                MaxDelay = runtime.Options.Cdc.MaxReconnectDelay,
                OnRetry = attempt =>
                {
                    status.Pulse();
                    _logger.ListenerConnectFailed(Note(attempt.Outcome.Exception), database.Name, attempt.AttemptNumber + 1);
                    return default;
                },
            })
            .Build();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_runtime.Options.Cdc.Enabled)
        {
            _logger.ListenerOff(_database.Name);
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunSessionAsync(stoppingToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // an exception that left here would stop the host
            catch (Exception error)
#pragma warning restore CA1031
            {
                _status.Disconnected();
                if (stoppingToken.IsCancellationRequested)
                {
                    break;
                }

                _status.ConnectionLost();
                _logger.ListenerConnectionLost(Note(error), _database.Name);
                await Task.Delay(FirstReconnectDelay, _runtime.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        _logger.ListenerStopped(_database.Name);
    }

    private async Task RunSessionAsync(CancellationToken stoppingToken)
    {
        var session = await _connect.ExecuteAsync(
            static async (listener, token) => await listener.BeginSessionAsync(token).ConfigureAwait(false), this, stoppingToken).ConfigureAwait(false);
        await using var _ = session.ConfigureAwait(false);
        await session.FollowAsync(stoppingToken).ConfigureAwait(false);
    }

    private async ValueTask<ListenerSession> BeginSessionAsync(CancellationToken cancellationToken)
    {
        var session = await ListenerSession.OpenAsync(_database, _runtime, _cursor, _consumers, _status, _capture, _logger, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await session.BeginAsync(cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private Exception? Note(Exception? error)
    {
        _cursor.IsDoubtful |= error is PostgresException { SqlState: PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow };
        if (MissingRights.TryExplain(error) is { } remedy)
        {
            _status.Capture([remedy]);
        }

        return error is null ? null : MissingRights.Explain(error);
    }
}
