using FraiseQL.EfCore.State.Keys;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// HybridCache as the transport of both levels, in a service provider of its own: the application's memory cache and serializers are not ours
/// to fill or to depend on. Nothing here decides freshness, and HybridCache's tags are not used.
/// </summary>
/// <remarks>Thread-safe. No method throws because of a level that fails.</remarks>
internal sealed class EntryStore : IDisposable
{
    private const long MaxPayloadBytes = 64 * 1024 * 1024;

    private static readonly HybridCacheEntryOptions s_readL1 = new()
    {
        Flags = HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableDistributedCache | HybridCacheEntryFlags.DisableLocalCacheWrite,
    };

    // Not promoted by HybridCache: an entry of another node enters L1 only when it has been proven.
    private static readonly HybridCacheEntryOptions s_readL2 = new()
    {
        Flags = HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableLocalCache | HybridCacheEntryFlags.DisableDistributedCacheWrite,
    };

    private readonly ServiceProvider _services;
    private readonly HybridCache _hybrid;
    private readonly TimeProvider _time;

    public EntryStore(CacheOptions options, IDistributedCache? l2, TimeProvider time, ILoggerFactory loggers)
    {
        _time = time;
        HasL2 = l2 is not null;
        Memory = new L1Store(options.L1.MaxSizeMb * 1024L * 1024L, time);
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services.AddSingleton(loggers);
        services.AddSingleton<IMemoryCache>(Memory);
        if (l2 is not null)
        {
            services.AddSingleton(l2);
        }

        services.AddHybridCache(o => o.MaximumPayloadBytes = MaxPayloadBytes).AddSerializer<CachedEntry, EntrySerializer>();
        _services = services.BuildServiceProvider();
        _hybrid = _services.GetRequiredService<HybridCache>();
    }

    public bool HasL2 { get; }

    public L1Store Memory { get; }

    /// <summary>The entry in this process's memory, fresh or not. Completes synchronously.</summary>
    public CachedEntry? FindInL1(CacheKey key)
    {
        var found = _hybrid.GetOrCreateAsync(key.Text, 0, static (_, _) => ValueTask.FromResult<CachedEntry?>(null), s_readL1);
        return found.IsCompletedSuccessfully ? found.Result : null;
    }

    /// <summary>The entry on the shared server, not yet proven; <see langword="null"/> when there is none that can be read.</summary>
    public async ValueTask<CachedEntry?> FindInL2Async(CacheKey key, CancellationToken cancellationToken)
    {
        if (!HasL2)
        {
            return null;
        }

        try
        {
            var entry = await _hybrid.GetOrCreateAsync(
                key.Text, 0, static (_, _) => ValueTask.FromResult<CachedEntry?>(null), s_readL2, cancellationToken: cancellationToken).ConfigureAwait(false);
            return entry is null || ReferenceEquals(entry, EntrySerializer.Rejected) || Left(entry) <= TimeSpan.Zero ? null : entry;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A level that fails is a miss.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    public void StoreInL1(CacheKey key, CachedEntry entry)
    {
        var left = Left(entry);
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        L1Store.NextEntryTakes(entry.HeapSize + key.Bytes.Length);
        var stored = _hybrid.SetAsync(key.Text, entry, new HybridCacheEntryOptions
        {
            Expiration = left,
            LocalCacheExpiration = left,
            Flags = HybridCacheEntryFlags.DisableDistributedCache,
        });
        Observe(stored);
    }

    /// <summary>Hands the entry to the shared server. The caller does not wait for it.</summary>
    public void StoreInL2(CacheKey key, CachedEntry entry)
    {
        var left = Left(entry);
        if (!HasL2 || entry.Snapshot is null || left <= TimeSpan.Zero)
        {
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            static work => Observe(work.Hybrid.SetAsync(work.Key, work.Entry, new HybridCacheEntryOptions
            {
                Expiration = work.Left,
                Flags = HybridCacheEntryFlags.DisableLocalCache,
            })),
            (Hybrid: _hybrid, Key: key.Text, Entry: entry, Left: left),
            preferLocal: false);
    }

    public void Dispose() => _services.Dispose();

    private TimeSpan Left(CachedEntry entry)
    {
        var left = entry.CreatedAt + entry.Ttl - _time.GetUtcNow();

        // Another node's clock may be ahead: never longer than the whole.
        return left < entry.Ttl ? left : entry.Ttl;
    }

    private static void Observe(ValueTask task)
    {
        if (task.IsCompletedSuccessfully)
        {
            task.GetAwaiter().GetResult();
            return;
        }

        // The guard around L2 has logged and counted it; here the exception only has to be seen.
        task.AsTask().ContinueWith(
            static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
