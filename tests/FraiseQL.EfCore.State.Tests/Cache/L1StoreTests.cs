using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Cache;

/// <summary>The memory level: bounded by bytes, exact in its count of them, least recently used first.</summary>
[Feature("S1.1-l1-size")]
public sealed class L1StoreTests
{
    private static readonly CacheKey s_owner = new([1], 1, [], null, []);

    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(2, 50)]
    [InlineData(8, 2000)]
    [InlineData(16, 7)]
    public async Task Whatever_many_threads_do_the_count_of_bytes_is_that_of_the_live_entries_and_the_bound_holds(int writers, int keys)
    {
        const int MaxBytes = 200_000;
        const int Largest = 10_000;
        using var store = new L1Store(MaxBytes, _time);
        var names = Enumerable.Range(0, keys).Select(i => $"key{i}").ToArray();
        var highest = 0L;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() =>
        {
            var random = new Random(writer);
            for (var i = 0; i < 8000; i++)
            {
                var name = names[random.Next(keys)];
                switch (random.Next(10))
                {
                    case 0:
                        store.Remove(name);
                        break;
                    case < 5:
                        store.TryGetValue(name, out _);
                        break;
                    case 5 when writer == 0 && i % 50 == 0:
                        _time.Advance(TimeSpan.FromSeconds(10));
                        break;
                    default:
                        Put(store, name, random.Next(Largest), TimeSpan.FromSeconds(random.Next(1, 200)));
                        break;
                }

                if (store.Bytes is var now && now > Volatile.Read(ref highest))
                {
                    Volatile.Write(ref highest, now);
                }
            }
        })));

        // One entry of each writer may be counted before its eviction has made room.
        Assert.InRange(highest, 1, MaxBytes + (writers * (Largest + L1Store.Overhead)));
        Assert.InRange(store.Bytes, 0, MaxBytes);
        var live = names.Select(name => store.TryGetValue(name, out var size) ? (int)size! : -1).Where(size => size >= 0).ToArray();
        Assert.Equal((live.Sum(size => (long)size + L1Store.Overhead), live.Length), (store.Bytes, store.Count));

        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal((0L, 0), (store.Bytes, store.Count));
    }

    [Fact]
    public void Hot_entries_survive_a_scan_of_cold_ones()
    {
        using var store = new L1Store(100 * (1000 + L1Store.Overhead), _time);
        var hot = Enumerable.Range(0, 30).Select(i => $"hot{i}").ToArray();
        foreach (var name in hot)
        {
            Put(store, name, 1000, Long);
        }

        for (var i = 0; i < 10_000; i++)
        {
            Assert.True(store.TryGetValue(hot[i % hot.Length], out _), $"lost at {i}");
            Put(store, $"cold{i}", 1000, Long);
        }

        Assert.InRange(store.Count, 90, 100);
    }

    [Fact]
    public void A_new_entry_is_taken_also_when_everything_else_is_hot()
    {
        using var store = new L1Store(10 * (1000 + L1Store.Overhead), _time);
        for (var i = 0; i < 1000; i++)
        {
            Put(store, $"key{i}", 1000, Long);
            Assert.True(store.TryGetValue($"key{i}", out _));
        }

        Assert.Equal(10, store.Count);
    }

    [Fact]
    public void Expired_entries_are_given_back_although_nobody_asks_for_them()
    {
        using var store = new L1Store(1_000_000, _time);
        for (var i = 0; i < 100; i++)
        {
            Put(store, $"key{i}", 1000, TimeSpan.FromSeconds(i < 50 ? 5 : 3600));
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(50, store.Count);
        Assert.Equal(50 * (1000 + L1Store.Overhead), store.Bytes);
    }

    [Fact]
    public void What_was_replaced_is_not_kept_alive()
    {
        using var store = new L1Store(100_000_000, _time);
        var first = PutObject(store);
        for (var i = 0; i < 10; i++)
        {
            Put(store, "key", 1000, Long);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(first.TryGetTarget(out _));
        Assert.Equal(1, store.Count);
    }

    [Fact]
    public void An_entry_larger_than_the_whole_memory_is_not_taken()
    {
        using var store = new L1Store(10_000, _time);
        Put(store, "small", 1000, Long);
        Put(store, "large", 10_000, Long);
        Assert.True(store.TryGetValue("small", out _));
        Assert.False(store.TryGetValue("large", out _));
    }

    [Fact]
    public void A_place_has_its_entry_until_it_expires_is_replaced_or_evicted()
    {
        using var store = new L1Store(100_000, _time);
        var first = PutEntry(store, "key", Long);
        var place = store.TakePlace("key", s_owner);
        Assert.Same(first, store.At(place));
        Assert.Null(store.At(null));
        Assert.Null(store.At(store.TakePlace("other", s_owner)));

        var second = PutEntry(store, "key", TimeSpan.FromSeconds(1));
        Assert.Null(store.At(place));
        place = store.TakePlace("key", s_owner);
        Assert.Same(second, store.At(place));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(store.At(place));

        PutEntry(store, "key", Long);
        place = store.TakePlace("key", s_owner);
        store.Remove("key");
        Assert.Null(store.At(place));
    }

    private static CachedEntry PutEntry(L1Store store, string key, TimeSpan ttl)
    {
        var entry = new CachedEntry(new RowSet(0, [], []), null, DateTimeOffset.UnixEpoch, ttl, 0);
        L1Store.NextEntryTakes(entry, 1000);
        store.Set(key, new object(), ttl);
        return entry;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<object> PutObject(L1Store store)
    {
        var value = new object();
        L1Store.NextEntryTakes(null, 1000);
        store.Set("key", value, Long);
        return new WeakReference<object>(value);
    }

    private static void Put(L1Store store, string key, int size, TimeSpan ttl)
    {
        L1Store.NextEntryTakes(null, size);
        store.Set(key, size, ttl);
    }
}
