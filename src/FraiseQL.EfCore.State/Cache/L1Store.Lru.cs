namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// Exact LRU. The order is that of a heap which is set right only while something is evicted: an entry that comes out first, and was used since it was put in,
/// goes in again; the first that was not is the least recently used of all.
/// </summary>
internal sealed partial class L1Store
{
    // Its place in the heap, and the number of its last use.
    private const int OrderOverhead = 48;

    private readonly PriorityQueue<Slot, long>? _order;
    private readonly Lock _orderGate = new();
    private long _uses;

    private void TakePlaceInOrder(Slot slot)
    {
        slot.UsedAt = Interlocked.Increment(ref _uses);
        lock (_orderGate)
        {
            _order!.Enqueue(slot, slot.UsedAt);
        }
    }

    private void EvictLeastRecent(Slot? added)
    {
        if (!IsOverfull(withGone: true))
        {
            return;
        }

        lock (_orderGate)
        {
            // Readers may use entries as fast as they come out: not for ever.
            for (var looks = (2 * Count) + MostGone; Bytes > _maxBytes && _order!.TryDequeue(out var slot, out var at); looks--)
            {
                if (Volatile.Read(ref slot.Gone))
                {
                    Interlocked.Decrement(ref _gone);
                }
                else if (looks > 0 && (slot.UsedAt > at || slot == added))
                {
                    _order.Enqueue(slot, slot == added ? Interlocked.Increment(ref _uses) : slot.UsedAt);
                }
                else
                {
                    Remove(slot);
                    Interlocked.Decrement(ref _gone);
                }
            }

            if (Volatile.Read(ref _gone) > Count + MostGone)
            {
                var all = _order!.UnorderedItems.ToArray();
                _order.Clear();
                _order.EnqueueRange(all.Where(item => !Volatile.Read(ref item.Element.Gone)));
                Interlocked.Add(ref _gone, _order.Count - all.Length);
            }
        }
    }
}
