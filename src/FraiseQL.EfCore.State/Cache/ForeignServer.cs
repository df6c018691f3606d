using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// Any <see cref="IDistributedCache"/> as a shared server. What it does cannot be stopped, so an operation out of time goes on in the
/// background. Therefore it never sees a buffer of the caller, who reuses it: a late write would store another entry's bytes, and a late read
/// would overwrite them.
/// </summary>
/// <remarks>Thread-safe. Not disposable, as the cache is not ours.</remarks>
internal sealed class ForeignServer(IDistributedCache cache, TimeProvider time) : SharedServer
{
    // A cache may block its caller for as long as it likes, and only a thread of our own can be left behind. The pool's threads would not do:
    // when all of them wait here, none is left to run what they wait for.
    private readonly Lazy<BlockingCalls> _threads = new();

    public override async ValueTask<bool> ReadAsync(string key, IBufferWriter<byte> destination, TimeSpan timeout, CancellationToken token)
    {
        if (cache is IBufferDistributedCache buffered)
        {
            var own = new PayloadBuffer();
            var found = await InTime(buffered.TryGetAsync(key, own, token).AsTask(), timeout, token).ConfigureAwait(false);
            return TakeOver(found, own, destination);
        }

        return Copy(await InTime(cache.GetAsync(key, token), timeout, token).ConfigureAwait(false), destination);
    }

    public override bool Read(string key, IBufferWriter<byte> destination, TimeSpan timeout)
    {
        if (cache is IBufferDistributedCache buffered)
        {
            var own = new PayloadBuffer();
            return TakeOver(_threads.Value.Run(() => buffered.TryGet(key, own), timeout), own, destination);
        }

        return Copy(_threads.Value.Run(() => cache.Get(key), timeout), destination);
    }

    public override async ValueTask<bool> WriteAsync(
        string key, ReadOnlyMemory<byte> value, TimeSpan ttl, TimeSpan timeout, CancellationToken token)
    {
        var options = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = ttl };
        var copy = value.ToArray();
        var written = cache is IBufferDistributedCache buffered
            ? buffered.SetAsync(key, new ReadOnlySequence<byte>(copy), options, token).AsTask()
            : cache.SetAsync(key, copy, options, token);
        await InTime(Nothing(written), timeout, token).ConfigureAwait(false);
        return true;
    }

    public override async ValueTask DeleteAsync(string key, TimeSpan timeout, CancellationToken token)
        => await InTime(Nothing(cache.RemoveAsync(key, token)), timeout, token).ConfigureAwait(false);

    private async Task<T> InTime<T>(Task<T> task, TimeSpan timeout, CancellationToken token)
    {
        try
        {
            return await task.WaitAsync(timeout, time, token).ConfigureAwait(false);
        }
        finally
        {
            Forget(task);
        }
    }

    // Nobody awaits an abandoned operation: its late exception must not reach the process as an unobserved one.
    private static void Forget(Task task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            _ = task.ContinueWith(
                static late => _ = late.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    private static bool TakeOver(bool found, PayloadBuffer own, IBufferWriter<byte> destination)
    {
        if (found)
        {
            destination.Write(own.Written.Span);
        }

        own.Dispose();
        return found;
    }

    private static bool Copy(byte[]? value, IBufferWriter<byte> destination)
    {
        if (value is null)
        {
            return false;
        }

        destination.Write(value);
        return true;
    }

    private static async Task<bool> Nothing(Task task)
    {
        await task.ConfigureAwait(false);
        return true;
    }
}
