using System.Data;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Cache;

/// <summary>Both levels together: times to live, sizes, the way of a write, and what the shared server may answer.</summary>
public sealed class EntryStoreTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(60));
    private readonly ScriptedCache _inner = new();
    private readonly CacheOptions _options = new();

    [Fact]
    [Feature("S5.1-split-ttl")]
    public async Task Each_level_keeps_an_entry_for_its_own_time()
    {
        using var store = Store();
        var key = Key(1);
        var entry = Entry(TimeSpan.FromHours(1));
        store.StoreInL1(key, entry, TimeSpan.FromMinutes(5));
        store.StoreInL2(key, entry, TimeSpan.FromHours(1));
        await WrittenAsync(1);

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(store.FindInL1(key));
        Assert.NotNull(await store.FindInL2Async(key, log: null, CancellationToken.None));

        _time.Advance(TimeSpan.FromMinutes(55));
        Assert.Null(await store.FindInL2Async(key, log: null, CancellationToken.None));
    }

    [Fact]
    [Feature("S5.1-split-ttl")]
    [Feature("S5.1-promote")]
    public async Task A_promoted_entry_lives_in_memory_for_what_is_left_of_its_time()
    {
        using var store = Store();
        var key = Key(1);
        store.StoreInL2(key, Entry(TimeSpan.FromMinutes(10)));
        await WrittenAsync(1);
        _time.Advance(TimeSpan.FromMinutes(7));
        var shared = await store.FindInL2Async(key, log: null, CancellationToken.None);
        store.Promote(key, shared!, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));

        _time.Advance(TimeSpan.FromMinutes(3) - TimeSpan.FromTicks(1));
        Assert.NotNull(store.FindInL1(key));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(store.FindInL1(key));
    }

    [Fact]
    [Feature("S5.1-split-ttl")]
    [Feature("S5.1-promote")]
    public async Task An_entry_older_than_memory_keeps_its_own_is_promoted_for_memorys_whole_time()
    {
        using var store = Store();
        var key = Key(1);
        store.StoreInL2(key, Entry(TimeSpan.FromHours(1)));
        await WrittenAsync(1);
        _time.Advance(TimeSpan.FromMinutes(30));
        var shared = await store.FindInL2Async(key, log: null, CancellationToken.None);
        store.Promote(key, shared!, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));

        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.NotNull(store.FindInL1(key));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(store.FindInL1(key));
    }

    [Fact]
    [Feature("S1.1-l2-shared")]
    public async Task What_was_written_is_read_in_both_forms()
    {
        using var store = Store();
        store.StoreInL2(Key(1), Entry(TimeSpan.FromMinutes(1)));
        await WrittenAsync(1);
        Assert.Equal(1, (await store.FindInL2Async(Key(1), log: null, CancellationToken.None))!.Rows.RowCount);
        Assert.Equal(1, store.FindInL2(Key(1), log: null)!.Rows.RowCount);
        Assert.Null(store.FindInL2(Key(2), log: null));
    }

    [Fact]
    [Feature("S0-cache-is-optimization")]
    public async Task A_damaged_payload_and_one_of_another_key_are_misses()
    {
        using var store = Store();
        store.StoreInL2(Key(1), Entry(TimeSpan.FromMinutes(1)));
        await WrittenAsync(1);
        var name = Assert.Single(_inner.Entries.Keys);
        var good = _inner.Entries[name];
        for (var i = 0; i < good.Length; i++)
        {
            var bad = (byte[])good.Clone();
            bad[i] ^= 0x10;
            _inner.Entries[name] = bad;
            Assert.Null(await store.FindInL2Async(Key(1), log: null, CancellationToken.None));
            _inner.Entries[name] = good[..i];
            Assert.Null(store.FindInL2(Key(1), log: null));
        }

        _inner.Entries[name] = good;
        _inner.Entries[name.Replace(Key(1).Text, Key(2).Text, StringComparison.Ordinal)] = good;
        Assert.NotNull(store.FindInL2(Key(1), log: null));
        Assert.Null(store.FindInL2(Key(2), log: null));
    }

    [Fact]
    [Feature("U-33-size-admission")]
    public async Task A_payload_over_the_limit_stays_in_memory_and_is_counted()
    {
        using var counted = new MetricCollector<long>(null, FraiseQLStateDiagnostics.MeterName, "fraiseql.cache.l2.writes");
        _options.L2.MaxPayloadBytes = 1024;
        using var store = Store();
        var entry = Entry(TimeSpan.FromMinutes(1), new string('x', 2000));
        store.StoreInL1(Key(1), entry);
        store.StoreInL2(Key(1), entry);
        store.StoreInL2(Key(2), Entry(TimeSpan.FromMinutes(1)));

        await WrittenAsync(1);
        await Eventually.Until(() => counted.GetMeasurementSnapshot().Any(m => Equals(m.Tags["fraiseql.cache.l2.result"], "too_large")));
        Assert.Contains(Key(2).Text, Assert.Single(_inner.Entries.Keys), StringComparison.Ordinal);
        Assert.NotNull(store.FindInL1(Key(1)));
    }

    [Fact]
    [Feature("S3.3-redis-unreachable")]
    public async Task Writes_wait_for_a_server_that_is_left_alone_and_arrive_when_it_is_back()
    {
        _inner.Before = () => throw new InvalidOperationException();
        using var store = Store();
        for (var i = 0; i < 3; i++)
        {
            await store.FindInL2Async(Key(i), log: null, CancellationToken.None);
        }

        for (var i = 0; i < 100; i++)
        {
            store.StoreInL2(Key(i), Entry(TimeSpan.FromHours(1)));
        }

        _inner.Before = () => Task.CompletedTask;
        await Eventually.Until(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            return _inner.Entries.Count == 100;
        });
    }

    [Fact]
    [Feature("S3.3-redis-unreachable")]
    public async Task A_full_queue_drops_the_oldest_writes_counts_them_and_never_makes_the_reader_wait()
    {
        using var counted = new MetricCollector<long>(null, FraiseQLStateDiagnostics.MeterName, "fraiseql.cache.l2.writes");
        var hang = new TaskCompletionSource();
        _inner.Before = () => hang.Task;
        using var store = Store();
        var entry = Entry(TimeSpan.FromHours(1));
        const int More = 500;
        for (var i = 0; i < WriteQueue.MostEntries + More; i++)
        {
            store.StoreInL2(Key(i), entry);
        }

        var dropped = counted.GetMeasurementSnapshot().Count(m => Equals(m.Tags["fraiseql.cache.l2.result"], "dropped"));
        Assert.InRange(dropped, More - 16, More);

        hang.SetResult();
        await WrittenAsync(WriteQueue.MostEntries + More - dropped);
    }

    [Fact]
    [Feature("S1.1-l1-memory")]
    [Feature("S1.1-l1-size")]
    public async Task The_memory_of_the_cache_and_the_applications_own_are_independent()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddMemoryCache(o => o.SizeLimit = 1);
        builder.Services.AddHybridCache();
        builder.Services.AddFraiseQLState<SomeContext>(configure: o => o.Cdc.Enabled = false);
        using var host = builder.Build();
        await host.StartAsync();
        var store = host.Services.GetRequiredKeyedService<StateRuntime>(typeof(SomeContext)).Store;
        var own = (MemoryCache)host.Services.GetRequiredService<IMemoryCache>();

        var entry = new CachedEntry(Rows("x"), null, TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(1), 0);
        for (var i = 0; i < 100; i++)
        {
            store.StoreInL1(Key(i), entry);
        }

        Assert.Equal((0, 100), (own.Count, store.Memory.Count));
        own.Set("application's", 1, new MemoryCacheEntryOptions { Size = 1 });
        own.Compact(1);
        Assert.Equal((0, 100), (own.Count, store.Memory.Count));
        Assert.NotNull(store.FindInL1(Key(7)));
    }

    [Fact]
    [Feature("S1.1-l1-size")]
    public void The_size_of_the_memory_is_a_metric()
    {
        using var collected = new MetricCollector<long>(null, FraiseQLStateDiagnostics.MeterName, "fraiseql.cache.l1.size");
        using var store = Store();
        store.StoreInL1(Key(1), Entry(TimeSpan.FromMinutes(1), new string('x', 100_000)));
        collected.RecordObservableInstruments();
        Assert.Contains(collected.GetMeasurementSnapshot(), m => m.Value >= store.Memory.Bytes);
        Assert.InRange(store.Memory.Bytes, 100_000, 300_000);
    }

    private EntryStore Store()
        => new(_options, new SharedLevel(_inner, _options.L2, _time, NullLogger.Instance), _time, NullLoggerFactory.Instance);

    private Task WrittenAsync(int count) => Eventually.Until(() => _inner.Entries.Count >= count);

    private CachedEntry Entry(TimeSpan ttl, string text = "a")
    {
        Assert.True(PgSnapshot.TryParse("10:10:", out var snapshot));
        return new CachedEntry(Rows(text), snapshot, _time.GetUtcNow(), ttl, 0);
    }

    private static RowSet Rows(string text)
    {
        using var table = new DataTable();
        table.Columns.Add("text", typeof(string));
        table.Rows.Add(text);
        using var reader = table.CreateDataReader();
        Assert.True(ColumnKind.TryGet(typeof(string), out var kind));
        var rows = new RowSetBuilder([kind!], reader, null);
        Assert.True(reader.Read());
        rows.Append(reader);
        return rows.Build();
    }

    private static CacheKey Key(int number) => new(BitConverter.GetBytes(number), number, [], null, []);

    private sealed class SomeContext : DbContext;
}
