using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Retry;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>
/// Runs the handlers of one context on one node of the cluster at a time. Every node has one; those that do not hold the group's lease
/// wait for it.
/// </summary>
internal sealed class ChangeDispatcher : BackgroundService
{
    private const string ConnectionPurpose = "fraiseql-handlers";

    private static readonly TimeSpan SettledAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly HandlerRegistry _registry;
    private readonly ContextDatabase _database;
    private readonly StateRuntime _runtime;
    private readonly ListenerStatus _listener;
    private readonly HandlerInvoker _invoker;
    private readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
    private readonly CancellationTokenSource _abort = new();
    private readonly ResiliencePipeline _forever;
    private IReadOnlyDictionary<string, EventShape> _shapes = new Dictionary<string, EventShape>();

    public ChangeDispatcher(
        HandlerRegistry registry, ContextDatabase database, StateRuntime runtime, ListenerStatus listener, IServiceScopeFactory scopes)
    {
        _registry = registry;
        _database = database;
        _runtime = runtime;
        _listener = listener;
        _invoker = new HandlerInvoker(scopes, runtime);
        _forever = new ResiliencePipelineBuilder { TimeProvider = runtime.Time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static outcome => new(outcome.Outcome.Exception is not null && !outcome.Context.CancellationToken.IsCancellationRequested),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstRetryDelay,
                MaxDelay = runtime.Options.Cdc.MaxReconnectDelay,
                OnRetry = attempt =>
                {
                    Say(attempt.Outcome.Exception!);
                    return default;
                },
            })
            .Build();
    }

    /// <exception cref="InvalidOperationException">A handler can never be called.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _shapes = _registry.Resolve(await _database.ReadModelAsync().ConfigureAwait(false));
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static abort => ((CancellationTokenSource)abort!).Cancel(), _abort))
        {
            await base.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override void Dispose()
    {
        _abort.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // With the listener off nothing wakes the dispatcher, and the listener has said what that means.
        if (_registry.IsEmpty || !_runtime.Options.Cdc.Enabled)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _forever.ExecuteAsync(
                    static async (dispatcher, token) => await dispatcher.TakeTurnAsync(token).ConfigureAwait(false), this, stoppingToken)
                    .ConfigureAwait(false);
            }
#pragma warning disable CA1031 // an exception that left here would stop the host
            catch (Exception error)
#pragma warning restore CA1031
            {
                if (!stoppingToken.IsCancellationRequested)
                {
                    Say(error);
                }
            }
        }
    }

    /// <summary>Waits for the lease and runs the handlers for as long as it lasts. Returns when the lease went to another node.</summary>
    private async Task TakeTurnAsync(CancellationToken stopping)
    {
        var open = await _database.OpenAsync(ConnectionPurpose, stopping).ConfigureAwait(false);
        var connection = new SerialConnection(open);
        await using var _ = connection.ConfigureAwait(false);
        var state = await PrepareAsync(open, stopping).ConfigureAwait(false);
        var name = _runtime.Options.Cdc.HandlerGroup is { Length: > 0 } chosen ? chosen : $"handlers:{_database.Name}";
        var group = new HandlerGroup(connection, name, _owner, _runtime);
        await group.EnsureAsync(state, stopping).ConfigureAwait(false);

        (LogPlace Place, string SystemId)? taken;
        while ((taken = await group.TryTakeAsync(stopping).ConfigureAwait(false)) is null)
        {
            await Task.Delay(_runtime.Options.Cdc.HandlerLease / 4, _runtime.Time, stopping).ConfigureAwait(false);
        }

        // What this node learned of the server may be older than its wait for the lease.
        state = await connection.RunAsync(c => LogIdentityQuery.ReadAsync(c, stopping), stopping).ConfigureAwait(false);
        var place = taken.Value.Place;
        if (taken.Value.SystemId != state.Identity.Log)
        {
            _runtime.Logger.HandlersGap(name);
            place = await group.StartOverAsync(state, stopping).ConfigureAwait(false);
        }

        _runtime.Logger.HandlersTaken(name);
        var takenAt = _runtime.Time.GetTimestamp();
        try
        {
            var tenure = new HandlerTenure(connection, group, place, state.Identity.Log, _shapes, _invoker, _runtime, _listener.Changes);
            await tenure.RunAsync(stopping, _abort.Token).ConfigureAwait(false);
            _runtime.Logger.HandlersReleased(name);
        }
        catch (LeaseLostException) when (!stopping.IsCancellationRequested)
        {
            _runtime.Logger.HandlersLost(name);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested && _runtime.Time.GetElapsedTime(takenAt) > SettledAfter)
        {
            // It went well for a while: the next attempts begin with short pauses again.
            Say(error);
        }
    }

    private async Task<LogState> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(EventLogReader.SessionSettings, connection);
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        var state = await LogIdentityQuery.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        return state.IsStandby ? throw new InvalidOperationException(StateStrings.ListenerOnStandby(_database.Name)) : state;
    }

    private void Say(Exception error)
    {
        // Without the log there is nothing to handle; the listener says so, and what to do.
        if (error is not PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName })
        {
            _runtime.Logger.HandlersInterrupted(error, _database.Name);
        }
    }
}
