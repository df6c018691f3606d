using System.Buffers;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Statistics;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The transport of both levels. Memory is under a HybridCache in a service provider of its own: the application's memory cache and serializers
/// are not ours to fill or to depend on. The shared level is read and written directly (decision 0210). Nothing here decides freshness, and
/// HybridCache's tags are not used.
/// </summary>
/// <remarks>Thread-safe. No method throws because of a level that fails.</remarks>
internal sealed partial class EntryStore : IDisposable
{
    private static readonly HybridCacheEntryOptions s_readL1 = new()
    {
        Flags = HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableDistributedCache | HybridCacheEntryFlags.DisableLocalCacheWrite,
    };

    // How soon, and how often at least, a node looks whether another one has finished with the key.
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(8);

    private readonly ServiceProvider _services;
    private readonly HybridCache _hybrid;
    private readonly EntrySerializer _serializer = new();
    private readonly SharedLevel? _l2;
    private readonly WriteQueue? _writes;
    private readonly TimeProvider _time;

    /// <param name="options">The cache's options.</param>
    /// <param name="l2">The shared level, if there is one.</param>
    /// <param name="time">The clock of the times to live.</param>
    /// <param name="loggers">HybridCache's.</param>
    /// <param name="left">Told of each entry that has left memory and was shared.</param>
    public EntryStore(CacheOptions options, SharedLevel? l2, TimeProvider time, ILoggerFactory loggers, Action<CachedEntry>? left = null)
    {
        _time = time;
        _l2 = l2;
        _writes = l2 is null ? null : new WriteQueue(l2);
        Memory = new L1Store(options.L1.MaxSizeMb * 1024L * 1024L, time, options.L1.Eviction)
        {
            Left = (key, entry) =>
            {
                if (key is not null)
                {
                    Keys.Forget(key);
                }

                if (entry is { IsShared: true })
                {
                    left?.Invoke(entry);
                }
            },
        };
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services.AddSingleton(loggers);
        services.AddSingleton<IMemoryCache>(Memory);
        services.AddHybridCache().AddSerializer<CachedEntry, Unserialised>();
        _services = services.BuildServiceProvider();
        _hybrid = _services.GetRequiredService<HybridCache>();
    }

    public bool HasL2 => _l2 is not null;

    /// <summary>The shared level; <see langword="null"/> when there is none.</summary>
    public SharedLevel? Shared => _l2;

    public L1Store Memory { get; }

    /// <summary>Says whose metrics these are.</summary>
    public void Name(in KeyValuePair<string, object?> context)
    {
        StateMetrics.Observe(Memory, (string)context.Value!);
        if (_l2 is not null)
        {
            _l2.ContextTag = context;
            StateMetrics.Observe(_writes!, (string)context.Value!);
        }
    }

    /// <summary>The keys of what is in memory and has been asked for.</summary>
    public KeyMemo<CacheKey> Keys { get; } = new();

    /// <summary>Entries on their way to the shared server.</summary>
    public int PendingWrites => _writes?.Unfinished ?? 0;

    /// <summary>The entry in this process's memory, fresh or not. Completes synchronously.</summary>
    public CachedEntry? FindInL1(CacheKey key)
    {
        if (Memory.At(key.Place) is { } entry)
        {
            return entry;
        }

        var found = _hybrid.GetOrCreateAsync(key.Text, 0, static (_, _) => ValueTask.FromResult<CachedEntry?>(null), s_readL1);
        entry = found.IsCompletedSuccessfully ? found.Result : null;
        if (entry is not null)
        {
            Remember(key);
        }

        return entry;
    }

    /// <summary>The entry on the shared server, not yet proven; <see langword="null"/> when there is none that can be read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="log">The log whose positions the entry's snapshot is among.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async ValueTask<CachedEntry?> FindInL2Async(CacheKey key, string? log, CancellationToken cancellationToken)
    {
        if (_l2 is null)
        {
            return null;
        }

        using var payload = new PayloadBuffer();
        var name = NameOf(key, log);
        return await _l2.ReadAsync(name, payload, cancellationToken).ConfigureAwait(false) ? Open(name, payload) : null;
    }

    /// <summary>The same on this thread.</summary>
    public CachedEntry? FindInL2(CacheKey key, string? log)
    {
        if (_l2 is null)
        {
            return null;
        }

        using var payload = new PayloadBuffer();
        var name = NameOf(key, log);
        return _l2.Read(name, payload) ? Open(name, payload) : null;
    }

    /// <param name="key">The key.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="ttl">How long memory serves it, from its creation on, if that is not its ttl.</param>
    /// <param name="kept">How long memory keeps it, from its creation on, if that is longer: for fail-safe.</param>
    public void StoreInL1(CacheKey key, CachedEntry entry, TimeSpan? ttl = null, TimeSpan? kept = null)
    {
        var served = ttl ?? entry.Ttl;
        if (kept > served)
        {
            entry.ServeUntil(entry.CreatedAt + served);
        }

        var left = Left(entry, kept > served ? kept.Value : served);
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        L1Store.NextEntryTakes(entry, entry.HeapSize);
        var stored = _hybrid.SetAsync(key.Text, entry, new HybridCacheEntryOptions
        {
            Expiration = left,
            LocalCacheExpiration = left,
            Flags = HybridCacheEntryFlags.DisableDistributedCache,
        });
        Observe(stored);
    }

    /// <summary>Puts an entry of the shared server into memory, for the time that memory has for it from now on and for no longer than is left of it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="ttl">The time to live in memory.</param>
    /// <param name="kept">How long memory keeps it at least, from its creation on: with fail-safe, longer than it is served.</param>
    /// <param name="tally">Where its query is counted on this node.</param>
    public void Promote(CacheKey key, CachedEntry entry, TimeSpan ttl, TimeSpan kept, QueryTally? tally = null)
    {
        entry.Tally = tally;
        var age = _time.GetUtcNow() - entry.CreatedAt;
        var served = age > TimeSpan.Zero ? age + ttl : ttl;
        served = served < entry.Ttl ? served : entry.Ttl;
        StoreInL1(key, entry, served, kept);
    }

    /// <summary>Hands the entry to the shared server. The caller does not wait for it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="kept">How long the server keeps it, from its creation on, if that is not its ttl.</param>
    /// <param name="log">The log whose positions the entry's snapshot is among.</param>
    /// <param name="lease">What the key's reader holds there; it ends when the entry has arrived.</param>
    public void StoreInL2(CacheKey key, CachedEntry entry, TimeSpan? kept = null, string? log = null, FillLease? lease = null)
    {
        var left = Left(entry, kept ?? entry.Ttl);
        if (_writes is not null && entry.Snapshot is not null && entry.IsShareable && left > TimeSpan.Zero)
        {
            if (lease is not null)
            {
                lease.IsHandedOn = true;
            }

            _writes.Add(NameOf(key, log), entry, _time.GetUtcNow() + left, lease);
        }
    }

    public void Dispose()
    {
        _writes?.Dispose();
        _services.Dispose();
        Memory.Dispose();
    }

    // From now on whoever asks for the same finds this instance of the key, and by it the place. Not before the first hit: a key weighs as
    // much as a small entry, and most entries of a large cache are never asked for again.
    private void Remember(CacheKey key)
    {
        key.Place = Memory.TakePlace(key.Text, key);
        if (key.Place is not null)
        {
            Keys.Remember(key);
        }
    }

    // A snapshot of another log, or of this one before its server was started anew, looks like one of this and is none (decision 0320).
    private static string NameOf(CacheKey key, string? log) => log is null ? key.Text : $"{key.Text}.{log}";

    private CachedEntry? Open(string name, PayloadBuffer payload)
    {
        var bytes = payload.Written;
        if (PayloadSeal.IsIntact(bytes.Span, name)
            && _serializer.Deserialize(new ReadOnlySequence<byte>(bytes[PayloadSeal.Size..])) is var entry
            && !ReferenceEquals(entry, EntrySerializer.Rejected))
        {
            return Left(entry, entry.Ttl) > TimeSpan.Zero ? entry : null;
        }

        StateMetrics.SharedReadRejected(_l2!.ContextTag);
        return null;
    }

    private TimeSpan Left(CachedEntry entry, TimeSpan kept)
    {
        var left = entry.CreatedAt + kept - _time.GetUtcNow();

        // Another node's clock may be ahead: never longer than the whole.
        return left < kept ? left : kept;
    }

    private static void Observe(ValueTask task)
    {
        if (task.IsCompletedSuccessfully)
        {
            task.GetAwaiter().GetResult();
            return;
        }

        task.AsTask().ContinueWith(
            static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>
    /// HybridCache serialises whatever it keeps in memory, to know its size. Ours is known, and nothing of it is read back from bytes.
    /// </summary>
    private sealed class Unserialised : IHybridCacheSerializer<CachedEntry>
    {
        public CachedEntry Deserialize(ReadOnlySequence<byte> source) => EntrySerializer.Rejected;

        public void Serialize(CachedEntry value, IBufferWriter<byte> target)
        {
        }
    }
}
