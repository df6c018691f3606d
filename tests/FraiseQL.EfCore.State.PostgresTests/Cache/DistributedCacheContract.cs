using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;

namespace FraiseQL.EfCore.State.PostgresTests.Cache;

/// <summary>What anybody may expect of an <see cref="IBufferDistributedCache"/>.</summary>
internal static class DistributedCacheContract
{
    private static readonly DistributedCacheEntryOptions Minute = new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) };

    public static async Task CheckAsync(IBufferDistributedCache cache)
    {
        // A connection that is opened in the background may not be there yet.
        await Eventually.Until(async () =>
        {
            await cache.SetAsync("a", [1, 2, 3], Minute);
            return await cache.GetAsync("a") is [1, 2, 3];
        });
        var large = new byte[200_000];
        new Random(7).NextBytes(large);
        cache.Set("b", large, Minute);
        cache.Set("c", new ReadOnlySequence<byte>(large), Minute);
        await cache.SetAsync("d", new ReadOnlySequence<byte>([9]), new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) });
        await cache.SetAsync("empty", [], Minute);

        Assert.Equal(large, await cache.GetAsync("b"));
        Assert.Equal(large, cache.Get("c"));
        Assert.Empty(cache.Get("empty")!);
        var buffer = new ArrayBufferWriter<byte>();
        Assert.True(cache.TryGet("d", buffer));
        Assert.True(await cache.TryGetAsync("a", buffer));
        Assert.Equal([9, 1, 2, 3], buffer.WrittenSpan.ToArray());

        cache.Refresh("a");
        await cache.RefreshAsync("a");
        cache.Remove("a");
        await cache.RemoveAsync("b");
        await cache.RemoveAsync("never there");
        Assert.Null(cache.Get("a"));
        Assert.Null(await cache.GetAsync("b"));
        Assert.False(await cache.TryGetAsync("b", buffer));
        Assert.False(cache.TryGet("a", buffer));
    }
}
