using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;

namespace FraiseQL.EfCore.State.Subscriptions;

/// <summary>What waits for one reader of the feed. The listener puts in and never waits; one reader takes out.</summary>
/// <param name="shapes">What is wanted, by relation.</param>
/// <param name="resumes">Whether the reader begins with what is in the log, and so without a reset.</param>
internal sealed class FeedSubscription(IReadOnlyDictionary<string, EventShape> shapes, bool resumes) : IDisposable
{
    public const int Capacity = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<FeedEntry> _waiting = new();
    private readonly WakeSignal _signal = new();
    private bool _reset = !resumes; // comes before everything that waits
    private bool _overflow;         // the same, and nothing is lost as long as the log has it
    private LogPlace? _from;        // where the log begins for the reader after a reset
    private PgSnapshot? _seen;

    public IReadOnlyDictionary<string, EventShape> Shapes => shapes;

    public void Offer(ChangeRecord change, string epoch, PgSnapshot from, PgSnapshot to)
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
                _overflow = true;
            }
            else
            {
                _waiting.Enqueue(new FeedEntry(new EventRecord(change, shape, epoch), new LogPlace(from, to, change.Seq)));
            }
        }

        _signal.Ring();
    }

    public void Reset(PgSnapshot from)
    {
        lock (_lock)
        {
            _waiting.Clear();
            _reset = true;
            _from = LogPlace.At(from);
            _seen = null;
        }

        _signal.Ring();
    }

    /// <summary>The reader has everything that is visible there from the log, and goes on with what comes.</summary>
    /// <returns>Whether it can. If not, something was dropped in the meantime, and it must read the log again from there.</returns>
    public bool TryGoOnFrom(PgSnapshot seen)
    {
        lock (_lock)
        {
            if (_overflow)
            {
                // What was dropped until now is visible to whoever reads the log from now on.
                _overflow = false;
                _waiting.Clear();
                return false;
            }

            _seen = seen;
            return true;
        }
    }

    /// <summary>The next change or reset.</summary>
    public async ValueTask<FeedEntry> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_reset || _overflow)
                {
                    var reset = new FeedEntry(null, _reset ? _from : null);
                    (_reset, _overflow, _from) = (false, false, null);
                    return reset;
                }

                while (_waiting.TryDequeue(out var entry))
                {
                    if (_seen is null || !_seen.Sees(entry.Record!.Change.TransactionId))
                    {
                        return entry;
                    }
                }
            }

            await _signal.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _signal.Dispose();
}
