using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;

namespace FraiseQL.EfCore.State.Tests.Cache;

/// <summary>A cache in memory that does first what the test says: fail, or hang at a gate.</summary>
internal sealed class ScriptedCache : IDistributedCache
{
    public ConcurrentDictionary<string, byte[]> Entries { get; } = new();

    /// <summary>Runs before each operation.</summary>
    public Func<Task> Before { get; set; } = () => Task.CompletedTask;

    public int Calls { get; private set; }

    public byte[]? Get(string key) => GetAsync(key).GetAwaiter().GetResult();

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        Calls++;
        await Before();
        return Entries.GetValueOrDefault(key);
    }

    public void Refresh(string key) => RefreshAsync(key).GetAwaiter().GetResult();

    public async Task RefreshAsync(string key, CancellationToken token = default)
    {
        Calls++;
        await Before();
    }

    public void Remove(string key) => RemoveAsync(key).GetAwaiter().GetResult();

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        Calls++;
        await Before();
        Entries.TryRemove(key, out _);
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => SetAsync(key, value, options).GetAwaiter().GetResult();

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        Calls++;
        await Before();
        Entries[key] = value;
    }
}
