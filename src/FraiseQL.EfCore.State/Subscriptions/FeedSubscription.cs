using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;

namespace FraiseQL.EfCore.State.Subscriptions;

/// <summary>What waits for one reader of the feed. The listener puts in and never waits; one reader takes out.</summary>
internal sealed class FeedSubscription(IReadOnlyDictionary<string, EventShape> shapes) : IDisposable
{
    public const int Capacity = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<EventRecord> _waiting = new();
    private readonly WakeSignal _signal = new();
    private bool _reset = true; // comes before everything that waits

    public void Offer(ChangeRecord change, string epoch)
    {
        if (!shapes.TryGetValue(change.Relation, out var shape))
        {
            return;
        }

        lock (_lock)
        {
            if (_waiting.Count == Capacity)
            {
                // The reader is to read the state at the reset, and the dropped changes are committed: it will see them there.
                _waiting.Clear();
                _reset = true;
            }
            else
            {
                _waiting.Enqueue(new EventRecord(change, shape, epoch));
            }
        }

        _signal.Ring();
    }

    public void Reset()
    {
        lock (_lock)
        {
            _waiting.Clear();
            _reset = true;
        }

        _signal.Ring();
    }

    /// <summary>The next change, or <see langword="null"/> for a reset.</summary>
    public async ValueTask<EventRecord?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_reset)
                {
                    _reset = false;
                    return null;
                }

                if (_waiting.TryDequeue(out var record))
                {
                    return record;
                }
            }

            await _signal.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _signal.Dispose();
}
