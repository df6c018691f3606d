using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The memory under HybridCache, bounded by the real bytes of the entries. The framework's own <see cref="MemoryCache"/> refuses the newest
/// entries when it is full, and the application shares it; this one evicts the least recently used and is ours alone.
/// </summary>
/// <remarks>
/// Thread-safe; a read takes no lock. Eviction is CLOCK (second chance): an approximation of LRU with one bit an entry,
/// F. J. Corbató, "A paging experiment with the Multics system", 1968.
/// </remarks>
internal sealed class L1Store(long maxBytes, TimeProvider time) : IMemoryCache
{
    // Per entry: slot, dictionary node, queue element, HybridCache's item and the key's text.
    private const int Overhead = 400;

    [ThreadStatic]
    private static long t_nextSize;

    private readonly ConcurrentDictionary<object, Slot> _slots = new();
    private readonly ConcurrentQueue<Slot> _hand = new();
    private long _bytes;

    // The dictionary's own count takes all its locks, of which there are the more the larger it is.
    private int _count;

    /// <summary>Bytes of all entries, overhead included.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// States the size of the entry that this thread stores next. HybridCache does not know the size of an entry that it never serialised;
    /// it creates the entry on the caller's thread, so the caller can say it here.
    /// </summary>
    public static void NextEntryTakes(long bytes) => t_nextSize = bytes;

    public bool TryGetValue(object key, out object? value)
    {
        if (_slots.TryGetValue(key, out var slot))
        {
            if (slot.ExpiresAt > time.GetUtcNow())
            {
                if (!slot.Used)
                {
                    slot.Used = true;
                }

                value = slot.Value;
                return true;
            }

            Remove(slot);
        }

        value = null;
        return false;
    }

    public ICacheEntry CreateEntry(object key) => new Pending(this, key, t_nextSize);

    public void Remove(object key)
    {
        if (_slots.TryGetValue(key, out var slot))
        {
            Remove(slot);
        }
    }

    public void Dispose() => _slots.Clear();

    private void Add(Pending entry)
    {
        var slot = new Slot(entry.Key, entry.Value, entry.Size!.Value + Overhead, time.GetUtcNow() + (entry.AbsoluteExpirationRelativeToNow ?? TimeSpan.Zero));
        if (slot.Size > maxBytes)
        {
            return;
        }

        _slots.AddOrUpdate(
            slot.Key,
            static (_, added) => added.Store.Count1(added.Slot),
            static (_, old, added) =>
            {
                added.Store.Count1(added.Slot);
                added.Store.Uncount(old);
                return added.Slot;
            },
            (Store: this, Slot: slot));
        _hand.Enqueue(slot);
        Evict();
    }

    private void Evict()
    {
        // Twice round at most: on the first pass every entry may have been used.
        var looks = (2 * Count) + 16;
        while ((Bytes > maxBytes || _hand.Count > (2 * Count) + 1024) && looks-- > 0 && _hand.TryDequeue(out var slot))
        {
            if (Volatile.Read(ref slot.Gone))
            {
                continue;
            }

            if (slot.Used && slot.ExpiresAt > time.GetUtcNow())
            {
                slot.Used = false;
                _hand.Enqueue(slot);
            }
            else if (Bytes > maxBytes || slot.ExpiresAt <= time.GetUtcNow())
            {
                Remove(slot);
            }
            else
            {
                _hand.Enqueue(slot);
            }
        }
    }

    private void Remove(Slot slot)
    {
        if (_slots.TryRemove(new KeyValuePair<object, Slot>(slot.Key, slot)))
        {
            Uncount(slot);
        }
    }

    private Slot Count1(Slot slot)
    {
        if (!slot.Counted)
        {
            slot.Counted = true;
            Interlocked.Add(ref _bytes, slot.Size);
            Interlocked.Increment(ref _count);
        }

        return slot;
    }

    // AddOrUpdate may call its delegates more than once: an old slot is uncounted once.
    private void Uncount(Slot slot)
    {
        if (!Interlocked.Exchange(ref slot.Gone, true))
        {
            Interlocked.Add(ref _bytes, -slot.Size);
            Interlocked.Decrement(ref _count);
        }
    }

    private sealed class Slot(object key, object? value, long size, DateTimeOffset expiresAt)
    {
        public object Key { get; } = key;

        public object? Value { get; } = value;

        public long Size { get; } = size;

        public DateTimeOffset ExpiresAt { get; } = expiresAt;

        public bool Counted { get; set; }

        public bool Used { get; set; }

        public bool Gone;
    }

    /// <summary>What HybridCache fills in; disposing it stores it.</summary>
    private sealed class Pending(L1Store store, object key, long size) : ICacheEntry
    {
        public object Key { get; } = key;

        public object? Value { get; set; }

        public DateTimeOffset? AbsoluteExpiration { get; set; }

        public TimeSpan? AbsoluteExpirationRelativeToNow { get; set; }

        public TimeSpan? SlidingExpiration { get; set; }

        public IList<IChangeToken> ExpirationTokens { get; } = [];

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
