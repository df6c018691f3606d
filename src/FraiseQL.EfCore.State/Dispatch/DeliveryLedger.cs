namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Knows up to where everything is done, although the lanes finish in any order.</summary>
/// <remarks>Thread-safe. Deliveries are added in the order of reading.</remarks>
internal sealed class DeliveryLedger(LogPlace start)
{
    private readonly Lock _gate = new();
    private readonly Queue<Delivery> _open = new();
    private LogPlace _read = start; // everything up to here has been read, and was added or needs no handler
    private bool _changed;

    public int Open
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    public void Add(Delivery delivery)
    {
        lock (_gate)
        {
            _open.Enqueue(delivery);
        }
    }

    /// <summary>Says how far has been read.</summary>
    /// <param name="place">The place.</param>
    /// <param name="found">Whether there were changes: an empty stretch of the log is not worth a checkpoint.</param>
    public void Read(LogPlace place, bool found)
    {
        lock (_gate)
        {
            _read = place;
            _changed |= found;
        }
    }

    public void Done(Delivery delivery)
    {
        lock (_gate)
        {
            delivery.IsDone = true;
            _changed = true;
        }
    }

    /// <summary>The place up to which everything is done, and whether it may have moved since the last call.</summary>
    public LogPlace Checkpoint(out bool changed)
    {
        lock (_gate)
        {
            while (_open.TryPeek(out var oldest) && oldest.IsDone)
            {
                _open.Dequeue();
            }

            changed = _changed;
            _changed = false;
            return _open.TryPeek(out var first) ? first.Window with { Seq = first.Record.Change.Seq - 1 } : _read;
        }
    }
}
