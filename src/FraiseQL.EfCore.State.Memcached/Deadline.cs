using System.Diagnostics;

namespace FraiseQL.EfCore.State.Memcached;

/// <summary>When an operation must have ended: a token for its asynchronous steps, and what is left for each synchronous one.</summary>
/// <remarks>By the machine's clock: it bounds sockets, which know no other.</remarks>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource? _source;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TimeSpan _timeout;

    private Deadline(CancellationTokenSource? source, TimeSpan timeout)
    {
        _source = source;
        _timeout = timeout;
    }

    public CancellationToken Token => _source?.Token ?? CancellationToken.None;

    public static Deadline Async(TimeSpan timeout, CancellationToken token)
    {
        var source = token.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(token) : new CancellationTokenSource();
        source.CancelAfter(timeout);
        return new Deadline(source, timeout);
    }

    public static Deadline Sync(TimeSpan timeout) => new(null, timeout);

    /// <summary>Milliseconds, at least 1, as 0 means for ever to a socket.</summary>
    /// <exception cref="TimeoutException">Nothing is left.</exception>
    public int Left()
    {
        var left = _timeout - Stopwatch.GetElapsedTime(_start);
        return left > TimeSpan.Zero ? Math.Max(1, (int)Math.Min(left.TotalMilliseconds, int.MaxValue)) : throw new TimeoutException();
    }

    public void Dispose() => _source?.Dispose();
}
