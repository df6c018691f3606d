using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// A server that nodes share, whose client keeps a time budget by itself: an operation ends in time on either form, a synchronous one on its
/// caller's thread, and no buffer of a caller is touched after its call has returned. What fails throws; <see cref="SharedLevel"/> makes that harmless.
/// </summary>
/// <remarks>
/// Thread-safe. As an <see cref="IBufferDistributedCache"/> it uses <see cref="DefaultTimeout"/>. Expirations are absolute: a sliding one counts from
/// the write, and refreshing does nothing, as a cached result may not outlive its time to live.
/// </remarks>
internal abstract class SharedServer : IBufferDistributedCache
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(365);

    /// <summary>The budget of an operation that names none.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Begins to connect, and does not wait for it.</summary>
    public virtual void Start()
    {
    }

    /// <summary>Whether there was a value; it is in <paramref name="destination"/> then.</summary>
    /// <exception cref="TimeoutException">The budget was used up.</exception>
    public abstract ValueTask<bool> ReadAsync(string key, IBufferWriter<byte> destination, TimeSpan timeout, CancellationToken token);

    /// <inheritdoc cref="ReadAsync"/>
    public abstract bool Read(string key, IBufferWriter<byte> destination, TimeSpan timeout);

    /// <summary>Whether the server took the value; it may refuse one, such as one that is too large for it.</summary>
    /// <exception cref="TimeoutException">The budget was used up.</exception>
    public abstract ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, TimeSpan ttl, TimeSpan timeout, CancellationToken token);

    /// <summary>What it is, in one lower-case word.</summary>
    public virtual string Backend => "shared";

    /// <summary>Reads a key that nobody writes. How many machines answered, and how many there are; one that fails may throw.</summary>
    public virtual async Task<(int Answering, int All)> PingAsync(string key, TimeSpan timeout, CancellationToken token)
    {
        using var nothing = new PayloadBuffer();
        await ReadAsync(key, nothing, timeout, token).ConfigureAwait(false);
        return (1, 1);
    }

    /// <summary>Whether <see cref="AddAsync"/> and <see cref="Add"/> do what they say: of several callers, one is told that the key is its own.</summary>
    public virtual bool CanAdd => false;

    /// <summary>Whether operations that are begun one after another are carried out in that order, without the first being awaited.</summary>
    public virtual bool KeepsOrder => false;

    /// <summary>Puts a mark under a key that has nothing; answers whether it did.</summary>
    /// <exception cref="TimeoutException">The budget was used up.</exception>
    public virtual ValueTask<bool> AddAsync(string key, TimeSpan ttl, TimeSpan timeout, CancellationToken token) => new(false);

    /// <inheritdoc cref="AddAsync"/>
    public virtual bool Add(string key, TimeSpan ttl, TimeSpan timeout) => false;

    /// <exception cref="TimeoutException">The budget was used up.</exception>
    public abstract ValueTask DeleteAsync(string key, TimeSpan timeout, CancellationToken token);

    /// <summary>What the server keeps at most, all of several servers together; <see langword="null"/> when it cannot be asked.</summary>
    public virtual Task<SharedLimits?> ReadLimitsAsync(TimeSpan timeout, CancellationToken token) => Task.FromResult<SharedLimits?>(null);

    public byte[]? Get(string key)
    {
        using var buffer = new PayloadBuffer();
        return Read(key, buffer, DefaultTimeout) ? buffer.Written.ToArray() : null;
    }

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        using var buffer = new PayloadBuffer();
        return await ReadAsync(key, buffer, DefaultTimeout, token).ConfigureAwait(false) ? buffer.Written.ToArray() : null;
    }

    public bool TryGet(string key, IBufferWriter<byte> destination) => Read(key, destination, DefaultTimeout);

    public ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
        => ReadAsync(key, destination, DefaultTimeout, token);

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options)
        => SetAsync(key, value, options).GetAwaiter().GetResult();

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options)
        => SetAsync(key, value.ToArray(), options).GetAwaiter().GetResult();

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        await WriteAsync(key, value, Ttl(options), DefaultTimeout, token).ConfigureAwait(false);
    }

    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default)
        => new(SetAsync(key, value.ToArray(), options, token));

    public void Refresh(string key)
    {
    }

    public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

    public void Remove(string key) => RemoveAsync(key).GetAwaiter().GetResult();

    public Task RemoveAsync(string key, CancellationToken token = default) => DeleteAsync(key, DefaultTimeout, token).AsTask();

    private static TimeSpan Ttl(DistributedCacheEntryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.AbsoluteExpirationRelativeToNow
            ?? (options.AbsoluteExpiration is { } end ? end - TimeProvider.System.GetUtcNow() : options.SlidingExpiration ?? s_longest);
    }
}
