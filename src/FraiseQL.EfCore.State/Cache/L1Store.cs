using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Keys;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The memory under HybridCache, bounded by the real bytes of the entries. The framework's own <see cref="MemoryCache"/> refuses the newest
/// entries when it is full, and the application shares it; this one evicts the least recently used and is ours alone.
/// </summary>
/// <remarks>
/// Thread-safe; a read takes no lock. Eviction is CLOCK (second chance): an approximation of LRU with one bit an entry,
/// F. J. Corbató, "A paging experiment with the Multics system", 1968; or exact LRU, where that was chosen.
/// </remarks>
internal sealed partial class L1Store : IMemoryCache
{
    // Per entry: slot, dictionary node, queue element, HybridCache's item and the key's text.
    public const int Overhead = 356;

    // Slots that are gone stay in the hand until it passes them; beyond this share it is swept.
    private const int MostGone = 1024;

    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(30);

    [ThreadStatic]
    private static long t_nextSize;

    [ThreadStatic]
    private static CachedEntry? t_nextEntry;

    private readonly ConcurrentDictionary<object, Slot> _slots = new();
    private readonly ConcurrentQueue<Slot> _hand = new();
    private readonly long _maxBytes;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;
    private long _bytes;

    // Counted here, as the collections' own counts take locks.
    private int _count;
    private int _gone;

    public L1Store(long maxBytes, TimeProvider time, L1Eviction eviction = L1Eviction.Clock)
    {
        _maxBytes = maxBytes;
        _time = time;
        _order = eviction == L1Eviction.Lru ? new PriorityQueue<Slot, long>() : null;
        StateMetrics.Observe(this);

        // The timer must not keep a store alive that nobody disposed.
        _sweep = time.CreateTimer(
            static state =>
            {
                if (((WeakReference<L1Store>)state!).TryGetTarget(out var store))
                {
                    store.RemoveExpired();
                }
            },
            new WeakReference<L1Store>(this),
            s_sweep,
            s_sweep);
    }

    /// <summary>Told of what has left, with the key by which it was found.</summary>
    public Action<CacheKey?, CachedEntry?>? Left { get; init; }

    /// <summary>Bytes of all entries, overhead included.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// States the size of the entry that this thread stores next. HybridCache does not know the size of an entry that it never serialised;
    /// it creates the entry on the caller's thread, so the caller can say it here.
    /// </summary>
    public static void NextEntryTakes(CachedEntry? entry, long bytes)
    {
        t_nextEntry = entry;
        t_nextSize = bytes;
    }

    /// <summary>
    /// The entry at a place that <see cref="TakePlace"/> has told, if it is still there. Saves the reader of a hot key the way through HybridCache
    /// and the dictionary.
    /// </summary>
    public CachedEntry? At(object? place)
        => place is Slot slot && slot.ExpiresAt > _time.GetUtcNow().UtcTicks ? Use(slot).Entry : null;

    /// <summary>Where the entry of a key is, for whoever asks for the same key again and again. The place knows when the entry has left it.</summary>
    public object? TakePlace(object key, CacheKey owner)
    {
        if (!_slots.TryGetValue(key, out var slot))
        {
            return null;
        }

        var isFirst = slot.Owner is null;
        slot.Owner = owner;
        if (isFirst && slot.TryGrow(owner.HeapSize))
        {
            Interlocked.Add(ref _bytes, owner.HeapSize);
            Evict(slot);
        }

        return slot;
    }

    public bool TryGetValue(object key, out object? value)
    {
        if (_slots.TryGetValue(key, out var slot))
        {
            if (slot.ExpiresAt > _time.GetUtcNow().UtcTicks)
            {
                value = Use(slot).Value;
                return value is not null;
            }

            Remove(slot);
        }

        value = null;
        return false;
    }

    public ICacheEntry CreateEntry(object key)
    {
        var entry = t_nextEntry;
        t_nextEntry = null;
        return new Pending(this, key, entry, t_nextSize);
    }

    public void Remove(object key)
    {
        if (_slots.TryGetValue(key, out var slot))
        {
            Remove(slot);
        }
    }

    /// <summary>Counts what is kept beside an entry that is already here.</summary>
    public void Grow(object key, long bytes)
    {
        if (_slots.TryGetValue(key, out var slot) && slot.TryGrow(bytes))
        {
            Interlocked.Add(ref _bytes, bytes);
            Evict(slot);
        }
    }

    public void Dispose()
    {
        StateMetrics.Forget(this);
        _sweep.Dispose();
        foreach (var (_, slot) in _slots)
        {
            Remove(slot);
        }
    }

    /// <summary>Called by the timer, so that memory is given back also when nobody asks for an entry again.</summary>
    internal void RemoveExpired()
    {
        var now = _time.GetUtcNow().UtcTicks;
        foreach (var (_, slot) in _slots)
        {
            if (slot.ExpiresAt <= now)
            {
                Remove(slot);
            }
        }

        Evict(null);
    }

    private void Add(Pending entry)
    {
        var ttl = entry.AbsoluteExpirationRelativeToNow ?? TimeSpan.Zero;
        var overhead = _order is null ? Overhead : Overhead + OrderOverhead;
        var slot = new Slot(entry.Key, entry.Value, entry.Entry, entry.Size!.Value + overhead, (_time.GetUtcNow() + ttl).UtcTicks);
        if (slot.Size > _maxBytes)
        {
            return;
        }

        // Counted before it can be found: whoever removes it subtracts what has been added.
        Interlocked.Add(ref _bytes, slot.Size);
        Interlocked.Increment(ref _count);
        slot.Entry?.Tally?.Holds(slot.Size, slot.Entry.Rows.RowCount);
        _slots.AddOrUpdate(
            slot.Key,
            static (_, added) => added.Slot,
            static (_, old, added) =>
            {
                // This may run more than once, and its result may be discarded; but then old is no longer in the dictionary either.
                added.Store.Uncount(old);
                return added.Slot;
            },
            (Store: this, Slot: slot));
        if (_order is null)
        {
            _hand.Enqueue(slot);
        }
        else
        {
            TakePlaceInOrder(slot);
        }

        Evict(slot);
    }

    /// <param name="added">Not a candidate: where everything else is in use, nothing new would ever be taken.</param>
    private void Evict(Slot? added)
    {
        if (_order is not null)
        {
            EvictLeastRecent(added);
            return;
        }

        // Once round, every entry may have been used; the second time that no longer saves one, however busy the readers are.
        var looks = (2 * Count) + MostGone;
        for (; IsOverfull(looks > 0) && _hand.TryDequeue(out var slot); looks--)
        {
            if (Volatile.Read(ref slot.Gone))
            {
                Interlocked.Decrement(ref _gone);
            }
            else if (Bytes <= _maxBytes)
            {
                _hand.Enqueue(slot);
            }
            else if (looks > 0 && (slot.Used || slot == added))
            {
                slot.Used = false;
                _hand.Enqueue(slot);
            }
            else
            {
                // Removed here or by somebody else in this moment, it is no longer one that the hand will pass.
                Remove(slot);
                Interlocked.Decrement(ref _gone);
            }
        }
    }

    // Written only when it changes: a line that all processors read must not be written by each of them.
    private Slot Use(Slot slot)
    {
        if (!slot.Used)
        {
            if (_order is null)
            {
                slot.Used = true;
            }
            else
            {
                slot.UsedAt = Interlocked.Increment(ref _uses);
            }
        }

        return slot;
    }

    private bool IsOverfull(bool withGone) => Bytes > _maxBytes || (withGone && Volatile.Read(ref _gone) > Count + MostGone);

    private void Remove(Slot slot)
    {
        if (_slots.TryRemove(new KeyValuePair<object, Slot>(slot.Key, slot)))
        {
            Uncount(slot);
        }
    }

    private void Uncount(Slot slot)
    {
        if (slot.TryLeave())
        {
            Interlocked.Add(ref _bytes, -slot.Size);
            Interlocked.Decrement(ref _count);
            Interlocked.Increment(ref _gone);
            Tell(slot);
            Left?.Invoke(slot.Owner, slot.Entry);

            // The hand still holds the slot; what it held is free now.
            slot.Owner = null;
            slot.Value = null;
            slot.Entry = null;
        }
    }

    private void Tell(Slot slot)
    {
        if (slot.Entry is { Tally: { } tally } entry)
        {
            tally.Releases(slot.Size, entry.Rows.RowCount);
            if (slot.ExpiresAt <= _time.GetUtcNow().UtcTicks && entry.TryNoteEnd())
            {
                tally.Expired();
            }
        }
    }

    private sealed class Slot(object key, object? value, CachedEntry? cached, long size, long expiresAt)
    {
        public object Key { get; } = key;

        public object? Value { get; set; } = value;

        /// <summary>What HybridCache wrapped in <see cref="Value"/>.</summary>
        public CachedEntry? Entry { get; set; } = cached;

        /// <summary>The key by which readers find this place.</summary>
        public CacheKey? Owner { get; set; }

        public long Size { get; private set; } = size;

        /// <summary>UTC ticks.</summary>
        public long ExpiresAt { get; } = expiresAt;

        public bool Used { get; set; }

        /// <summary>The number of its last use, where the order of uses decides.</summary>
        public long UsedAt { get; set; }

        public bool Gone;

        // Under one lock, so that what is subtracted is what was added.
        public bool TryGrow(long bytes)
        {
            lock (this)
            {
                if (Gone)
                {
                    return false;
                }

                Size += bytes;
                Entry?.Tally?.Grows(bytes);
                return true;
            }
        }

        public bool TryLeave()
        {
            lock (this)
            {
                var was = Gone;
                Volatile.Write(ref Gone, true);
                return !was;
            }
        }
    }

    /// <summary>What HybridCache fills in; disposing it stores it.</summary>
    private sealed class Pending(L1Store store, object key, CachedEntry? cached, long size) : ICacheEntry
    {
        public CachedEntry? Entry { get; } = cached;

        public object Key { get; } = key;

        public object? Value { get; set; }

        public DateTimeOffset? AbsoluteExpiration { get; set; }

        public TimeSpan? AbsoluteExpirationRelativeToNow { get; set; }

        public TimeSpan? SlidingExpiration { get; set; }

        [field: MaybeNull]
        public IList<IChangeToken> ExpirationTokens => field ??= [];

        [field: MaybeNull]
        public IList<PostEvictionCallbackRegistration> PostEvictionCallbacks => field ??= [];

        public CacheItemPriority Priority { get; set; }

        public long? Size { get; set; } = size;

        public void Dispose()
        {
            Size = Math.Max(Size ?? 0, size);
            store.Add(this);
        }
    }
}
