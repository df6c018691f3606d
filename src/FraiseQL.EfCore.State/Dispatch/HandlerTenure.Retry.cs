using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Diagnostics;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Handles parked events again when somebody asks for it, in the order in which they were parked.</summary>
internal sealed partial class HandlerTenure
{
    private static readonly TimeSpan RetryLookInterval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<(string Entity, string Key), bool> _retrying = new();
    private long _retriesReadAt;

    /// <summary>Nobody rings for a wish in a table: while there may be one, the pause is bounded.</summary>
    private TimeSpan PauseForRetries(TimeSpan pause) => _parked.IsEmpty || pause < RetryLookInterval ? pause : RetryLookInterval;

    private async Task EnqueueRetriesAsync(KeyedLanes<ILaneItem> lanes, CancellationToken cancellationToken)
    {
        if (_parked.IsEmpty || _runtime.Time.GetElapsedTime(_retriesReadAt) < RetryLookInterval)
        {
            return;
        }

        _retriesReadAt = _runtime.Time.GetTimestamp();
        foreach (var entity in await _group.ReadRetriesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_retrying.TryAdd(entity, true))
            {
                await lanes.EnqueueAsync(new EntityRetry(entity), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task RetryAsync((string Entity, string Key) entity, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!_group.IsHeld)
            {
                throw new LeaseLostException();
            }

            var parked = await _group.ReadFirstParkedAsync(entity, cancellationToken).ConfigureAwait(false);
            if (parked is null)
            {
                _parked.TryRemove(entity, out _);
                break;
            }

            // One that has failed before is handled when somebody asks; those that only waited for it follow by themselves.
            if (parked is { IsWanted: false, Attempts: > 0 } || !await TryAgainAsync(parked, cancellationToken).ConfigureAwait(false))
            {
                break;
            }

            await _group.UnparkAsync(parked, cancellationToken).ConfigureAwait(false);
        }

        _retrying.TryRemove(entity, out _);
    }

    private async Task<bool> TryAgainAsync(ParkedEvent parked, CancellationToken cancellationToken)
    {
        // A handler that is gone wants nothing any more.
        if (!_plan.Shapes.TryGetValue(parked.Change.Relation, out var shape))
        {
            return true;
        }

        var record = new EventRecord(parked.Change, shape, _epoch);
        var delivery = new Delivery(record, shape.RoutesOf(record), _place) { Attempts = parked.Attempts };
        if (await TryHandleAsync(delivery, cancellationToken).ConfigureAwait(false) is not { } error)
        {
            StateMetrics.Handled(_group.Name, HandlerOutcome.Handled, _runtime.Time.GetUtcNow() - parked.Change.At);
            return true;
        }

        StateMetrics.Handled(_group.Name, HandlerOutcome.Parked);
        _logger.HandlerParked(_invoker.Loggable(error), delivery.Routes[delivery.Handled].Name, record.Type, parked.Change.Seq, delivery.Attempts);
        await _group.ParkAgainAsync(parked, delivery.Attempts, HandlerInvoker.Describe(error), cancellationToken).ConfigureAwait(false);
        return false;
    }
}
