namespace FraiseQL.EfCore.State.Listener;

/// <summary>A coalescing doorbell: any number of rings before a wait count as one. Thread-safe; one waiter.</summary>
internal sealed class WakeSignal : IDisposable
{
    private readonly SemaphoreSlim _rung = new(0, 1);

    public void Ring()
    {
        try
        {
            if (_rung.CurrentCount == 0)
            {
                _rung.Release();
            }
        }
        catch (SemaphoreFullException)
        {
            // Another thread rang between the look and the release: the waiter wakes all the same.
        }
        catch (ObjectDisposedException)
        {
            // The listener has stopped; nobody is left to wake.
        }
    }

    /// <summary>Returns at a ring, or when <paramref name="timeout"/> has passed.</summary>
    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => _rung.WaitAsync(timeout, cancellationToken);

    public void Dispose() => _rung.Dispose();
}
