using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>
/// The time in which this node runs the handlers: it reads the log from the group's position, gives the events to the lanes, and keeps the
/// place up to which everything is done. It ends when the host stops, the lease is lost or the database connection breaks.
/// </summary>
internal sealed partial class HandlerTenure
{
    private const int PageSize = 500;

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan PruneInterval = TimeSpan.FromSeconds(10);

    private readonly SerialConnection _connection;
    private readonly IHandlerGroup _group;
    private readonly HandlerGroupPlan _plan;
    private readonly HandlerInvoker _invoker;
    private readonly StateRuntime _runtime;
    private readonly WakeSignal _wake;
    private readonly ILogger _logger;
    private readonly string _epoch;
    private readonly DeliveryLedger _ledger;
    private readonly ConcurrentDictionary<(string Entity, string Key), bool> _parked = new();
    private readonly OrderWatch _order = new();
    private LogPlace _place;

    public HandlerTenure(
        SerialConnection connection, IHandlerGroup group, LogPlace place, string systemId,
        HandlerGroupPlan plan, HandlerInvoker invoker, StateRuntime runtime, WakeSignal wake)
    {
        _connection = connection;
        _group = group;
        _plan = plan;
        _invoker = invoker;
        _runtime = runtime;
        _wake = wake;
        _logger = runtime.Logger;
        _epoch = EventRecord.EpochOf(systemId);
        _place = place;
        _ledger = new DeliveryLedger(place);
    }

    /// <summary>Events in hand.</summary>
    public int Open => _ledger.Open;

    /// <summary>Entities with parked events.</summary>
    public int Parked => _parked.Count;

    /// <summary>Runs until it is stopped or cannot go on.</summary>
    /// <param name="stopping">Cancelled when the host stops: no new event is begun, those in hand are finished.</param>
    /// <param name="aborting">Cancelled when the host can wait no longer.</param>
    /// <exception cref="LeaseLostException">Another node has taken over.</exception>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        StateMetrics.Observe(this, _group.Name);
        try
        {
            await RunObservedAsync(stopping, aborting).ConfigureAwait(false);
        }
        finally
        {
            StateMetrics.Forget(this);
        }
    }

    private async Task RunObservedAsync(CancellationToken stopping, CancellationToken aborting)
    {
        foreach (var entity in await _group.ReadParkedAsync(stopping).ConfigureAwait(false))
        {
            _parked[entity] = true;
        }

        using var noMoreReading = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var noMoreKeeping = new CancellationTokenSource();
        using var noMoreWork = CancellationTokenSource.CreateLinkedTokenSource(aborting);
        var lanes = new KeyedLanes<ILaneItem>(WorkAsync, noMoreWork.Token, _plan.Options.Lanes);
        var reading = ReadAsync(lanes, noMoreReading.Token);
        var keeping = KeepAsync(noMoreKeeping.Token);
        var first = await Task.WhenAny(reading, keeping, lanes.Failure).ConfigureAwait(false);
        await noMoreReading.CancelAsync().ConfigureAwait(false);
        if (!stopping.IsCancellationRequested)
        {
            // Something broke: another node may be given what is in hand, so it must not go on here.
            await noMoreWork.CancelAsync().ConfigureAwait(false);
        }

        // The lease is kept until the last handler has returned.
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await lanes.StopAsync(aborting).ConfigureAwait(false);
        await noMoreKeeping.CancelAsync().ConfigureAwait(false);
        await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stopping.IsCancellationRequested)
        {
            await _group.ReleaseAsync(_ledger.Checkpoint(out _), aborting).ConfigureAwait(false);
            return;
        }

        await first.ConfigureAwait(false);
    }

    private async Task ReadAsync(KeyedLanes<ILaneItem> lanes, CancellationToken cancellationToken)
    {
        var reader = await _connection.RunAsync(open => Task.FromResult(new EventLogReader(open)), cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        await _connection.RunAsync(
            async _ =>
            {
                await reader.PrepareAsync(cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        var pacing = new PollPacing(_runtime.Options.Cdc, _runtime.Time);
        var rung = true;
        while (true)
        {
            await EnqueueRetriesAsync(lanes, cancellationToken).ConfigureAwait(false);
            var page = await _connection
                .RunAsync(_ => reader.ReadPageAsync(_place.From, _place.To, _place.Seq, PageSize, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            using (StateActivities.Dispatching(_group.Name, page.Changes.Count))
            {
                foreach (var change in page.Changes)
                {
                    await HandOverAsync(lanes, change, _place with { To = page.To }, cancellationToken).ConfigureAwait(false);
                }
            }

            var found = page.Changes.Count > 0;
            _place = page.IsLast ? LogPlace.At(page.To) : _place with { To = page.To, Seq = page.Changes[^1].Seq };
            _ledger.Read(_place, found);
            if (page.IsLast)
            {
                var pause = pacing.Next(rung || found, found, page.To.InProgress.Length > 0);
                rung = await _wake.WaitAsync(PauseForRetries(pause), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task HandOverAsync(KeyedLanes<ILaneItem> lanes, ChangeRecord change, LogPlace window, CancellationToken cancellationToken)
    {
        if (!_plan.Shapes.TryGetValue(change.Relation, out var shape))
        {
            return;
        }

        var record = new EventRecord(change, shape, _epoch);
        var routes = shape.RoutesOf(record);
        if (routes.Count == 0)
        {
            return;
        }

        // An event without a key is one of every entity of the table: all earlier ones come before it, all later ones after it.
        var everyEntity = change.Key is null;
        if (everyEntity)
        {
            await lanes.DrainAsync(cancellationToken).ConfigureAwait(false);
        }

        var delivery = new Delivery(record, routes, window);
        _ledger.Add(delivery);
        await lanes.EnqueueAsync(delivery, cancellationToken).ConfigureAwait(false);
        if (everyEntity)
        {
            await lanes.DrainAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Prolongs the lease and keeps the place, whatever the handlers are doing.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        var renewal = _runtime.Options.Cdc.HandlerLease / 3;
        var keptAt = _runtime.Time.GetTimestamp();
        var prunedAt = keptAt;
        using var timer = new PeriodicTimer(CheckpointInterval, _runtime.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var place = _ledger.Checkpoint(out var moved);
            if (moved || _runtime.Time.GetElapsedTime(keptAt) >= renewal)
            {
                keptAt = _runtime.Time.GetTimestamp();
                await CheckpointInTimeAsync(place, cancellationToken).ConfigureAwait(false);
            }

            if (_runtime.Time.GetElapsedTime(prunedAt) >= PruneInterval)
            {
                prunedAt = _runtime.Time.GetTimestamp();
                await _group.PruneInboxAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task CheckpointInTimeAsync(LogPlace place, CancellationToken cancellationToken)
    {
        // A database that does not answer within the lease has given the group to another node, for all that this one can know.
        using var late = new CancellationTokenSource(_runtime.Options.Cdc.HandlerLease, _runtime.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await _group.CheckpointAsync(place, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            throw new LeaseLostException();
        }
    }

    private Task WorkAsync(ILaneItem item, CancellationToken cancellationToken)
        => item is Delivery delivery ? HandleAsync(delivery, cancellationToken) : RetryAsync(((EntityRetry)item).Entity, cancellationToken);

    private async Task HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (!_group.IsHeld)
        {
            throw new LeaseLostException();
        }

        if (_parked.ContainsKey(delivery.EntityKey))
        {
            if (await _group.ParkBehindAsync(delivery, cancellationToken).ConfigureAwait(false))
            {
                _ledger.Done(delivery);
                return;
            }

            _parked.TryRemove(delivery.EntityKey, out _);
        }

        if (await TryHandleAsync(delivery, cancellationToken).ConfigureAwait(false) is not { } error)
        {
            StateMetrics.Handled(_group.Name, HandlerOutcome.Handled, _runtime.Time.GetUtcNow() - delivery.Record.Change.At);
        }
        else if (await _group.ParkAsync(delivery, HandlerInvoker.Describe(error), cancellationToken).ConfigureAwait(false))
        {
            _parked[delivery.EntityKey] = true;
            StateMetrics.Handled(_group.Name, HandlerOutcome.Parked);
            _logger.HandlerParked(
                _invoker.Loggable(error), delivery.Routes[delivery.Handled].Name, delivery.Record.Type, delivery.Record.Change.Seq, delivery.Attempts);
        }
        else
        {
            StateMetrics.Handled(_group.Name, HandlerOutcome.Skipped);
            _logger.HandlerGaveUp(
                _invoker.Loggable(error), delivery.Routes[delivery.Handled].Name, delivery.Record.Type, delivery.Record.Change.Seq, delivery.Attempts);
        }

        _ledger.Done(delivery);
    }

    private Task<Exception?> TryHandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var change = delivery.Record.Change;
        if (!_order.IsInOrder(change.Relation, change.Key, change.Seq))
        {
            StateMetrics.OutOfOrder();
            _logger.EventOutOfOrder(_group.Name, delivery.Record.Type, change.Seq);
        }

        return _invoker.TryHandleAsync(delivery, cancellationToken);
    }
}
