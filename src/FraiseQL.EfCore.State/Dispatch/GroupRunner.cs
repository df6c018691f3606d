using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Polly;
using Polly.Retry;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>
/// Runs one group of handlers on this node, for as long as the host runs: a competing one while this node holds its lease, a broadcast one
/// always. Groups know nothing of each other: each has its own connection.
/// </summary>
internal sealed class GroupRunner
{
    private const string ConnectionPurpose = "fraiseql-handlers";

    private static readonly TimeSpan SettledAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly HandlerGroupPlan _plan;
    private readonly ContextDatabase _database;
    private readonly StateRuntime _runtime;
    private readonly ListenerStatus _listener;
    private readonly IServiceScopeFactory _scopes;
    private readonly BroadcastGroup _broadcast;
    private readonly string _name;
    private readonly string _owner;
    private readonly ResiliencePipeline _forever;

    public GroupRunner(
        HandlerGroupPlan plan, ContextDatabase database, StateRuntime runtime, ListenerStatus listener, IServiceScopeFactory scopes, string owner)
    {
        _plan = plan;
        _database = database;
        _runtime = runtime;
        _listener = listener;
        _scopes = scopes;
        _owner = owner;
        _name = NameOf(plan.Name, plan.IsBroadcast, runtime.Options.Cdc, database.Name);
        _broadcast = new BroadcastGroup(_name);
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

    /// <summary>The name of a group in the database, in metrics and in messages.</summary>
    public static string NameOf(string? given, bool isBroadcast, CdcOptions options, string context)
    {
        var own = options.HandlerGroup is { Length: > 0 } chosen ? chosen : $"handlers:{context}";
        return isBroadcast ? $"broadcast:{context}" : given ?? own;
    }

    /// <summary>Runs until the host stops. Nothing that happens leaves it.</summary>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await _forever.ExecuteAsync(
                    static async (state, token) => await state.Runner.TakeTurnAsync(token, state.Aborting).ConfigureAwait(false),
                    (Runner: this, Aborting: aborting), stopping).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // an exception that left here would stop the host
            catch (Exception error)
#pragma warning restore CA1031
            {
                if (!stopping.IsCancellationRequested)
                {
                    Say(error);
                }
            }
        }
    }

    /// <summary>Waits for the lease and runs the handlers for as long as it lasts. Returns when the lease went to another node.</summary>
    private async Task TakeTurnAsync(CancellationToken stopping, CancellationToken aborting)
    {
        var open = await _database.OpenAsync(ConnectionPurpose, stopping).ConfigureAwait(false);
        var connection = new SerialConnection(open);
        await using var _ = connection.ConfigureAwait(false);
        var state = await PrepareAsync(open, stopping).ConfigureAwait(false);
        var (group, place, log) = _plan.IsBroadcast
            ? Begin(state)
            : await TakeAsync(connection, state, stopping).ConfigureAwait(false);

        _runtime.Logger.HandlersTaken(_name);
        var takenAt = _runtime.Time.GetTimestamp();
        var wake = _listener.Changes.Add();
        try
        {
            var retry = _plan.Options.Retry ?? _runtime.Options.Cdc.Retry;
            var invoker = new HandlerInvoker(_scopes, _database.ContextType, retry, _runtime, group, _database.LogsSensitiveData);
            var tenure = new HandlerTenure(connection, group, place, log, _plan, invoker, _runtime, wake);
            await tenure.RunAsync(stopping, aborting).ConfigureAwait(false);
            _runtime.Logger.HandlersReleased(_name);
        }
        catch (LeaseLostException) when (!stopping.IsCancellationRequested)
        {
            if (group is HandlerGroup own && await own.IsPausedAsync(stopping).ConfigureAwait(false))
            {
                _runtime.Logger.HandlersPaused(_name);
            }
            else
            {
                _runtime.Logger.HandlersLost(_name);
            }
        }
        catch (Exception error) when (!stopping.IsCancellationRequested && _runtime.Time.GetElapsedTime(takenAt) > SettledAfter)
        {
            // It went well for a while: the next attempts begin with short pauses again.
            Say(error);
        }
        finally
        {
            _listener.Changes.Remove(wake);
        }
    }

    private (IHandlerGroup Group, LogPlace Place, string Log) Begin(LogState state)
    {
        if (_broadcast.Place is null || _broadcast.Log != state.Identity.Log)
        {
            if (_broadcast.Place is not null)
            {
                _runtime.Logger.HandlersGap(_name);
            }

            _broadcast.Place = LogPlace.At(state.Snapshot);
            _broadcast.Log = state.Identity.Log;
        }

        return (_broadcast, _broadcast.Place, _broadcast.Log);
    }

    private async Task<(IHandlerGroup Group, LogPlace Place, string Log)> TakeAsync(
        SerialConnection connection, LogState state, CancellationToken stopping)
    {
        var group = new HandlerGroup(connection, _name, _owner, _runtime);
        await group.EnsureAsync(state, stopping, Start(state)).ConfigureAwait(false);
        (LogPlace Place, string SystemId)? taken;
        while ((taken = await group.TryTakeAsync(stopping).ConfigureAwait(false)) is null)
        {
            await Task.Delay(_runtime.Options.Cdc.HandlerLease / 4, _runtime.Time, stopping).ConfigureAwait(false);
        }

        // What this node learned of the server may be older than its wait for the lease.
        state = await connection.RunAsync(c => LogIdentityQuery.ReadAsync(c, stopping), stopping).ConfigureAwait(false);
        var place = taken.Value.Place;
        if (taken.Value.SystemId != state.Identity.Log || state.HasPruned(place.From))
        {
            _runtime.Logger.HandlersGap(_name);
            place = await group.StartOverAsync(state, stopping).ConfigureAwait(false);
        }

        return (group, place, state.Identity.Log);
    }

    /// <summary>Where the group begins if the database does not know it yet.</summary>
    private LogPlace Start(LogState state)
        => _plan.Options.StartAfter is { } text && FeedPosition.TryParse(text, out var epoch, out var place)
            && epoch == EventRecord.EpochOf(state.Identity.Log)
            ? place
            : LogPlace.At(_plan.Options.StartAtBeginning ? PgSnapshot.Beginning : state.Snapshot);

    private async Task<LogState> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var state = await LogIdentityQuery.BeginAsync(connection, cancellationToken).ConfigureAwait(false);
        return state.IsStandby ? throw new InvalidOperationException(StateStrings.ListenerOnStandby(_database.Name)) : state;
    }

    private void Say(Exception error)
    {
        // Without the log there is nothing to handle; the listener says so, and what to do.
        if (error is not PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName })
        {
            _runtime.Logger.HandlersInterrupted(LoggedError.OfServer(MissingRights.Explain(error)), _database.Name);
        }
    }
}
