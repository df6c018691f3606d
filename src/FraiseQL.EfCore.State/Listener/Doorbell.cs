using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>Waits on one connection for PostgreSQL's NOTIFY and for a ring from this process at once.</summary>
/// <remarks>
/// Npgsql allows one operation at a time on a connection, and breaks nothing when a wait for notifications is cancelled: a ring cancels
/// the wait, and the connection is free for the query within microseconds. The wait for the ring goes on from one call to the next, so that
/// a notification, which is what most calls end with, cancels nothing. One caller at a time.
/// </remarks>
internal sealed class Doorbell : IDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly WakeSignal _ring;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _gate = new();
    private CancellationTokenSource? _wait; // guarded by _gate: what a ring cancels
    private bool _rung; // guarded by _gate
    private Task _ringing = Task.CompletedTask;
    private volatile bool _notified;

    public Doorbell(NpgsqlConnection connection, WakeSignal ring)
    {
        _connection = connection;
        _ring = ring;
        _connection.Notification += OnNotification;
    }

    /// <summary>
    /// Called before the log is read. A notification that arrives from here on, even in the middle of the query's answer, may belong to
    /// a commit that the query did not see.
    /// </summary>
    public void Looking() => _notified = false;

    /// <summary>Whether the last wait was ended by this process itself, which waits for what it wrote, or wants to know.</summary>
    public bool WasRungHere { get; private set; }

    /// <summary>Waits for more notifications to come, and no longer when this process rings.</summary>
    public async Task GatherAsync(TimeSpan delay, TimeProvider time, CancellationToken cancellationToken)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            if (!BeginWait(wait))
            {
                await Task.Delay(delay, time, wait.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Rung.
        }
        finally
        {
            EndWait();
        }
    }

    /// <summary>Returns whether somebody rang before <paramref name="timeout"/> had passed.</summary>
    public async Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_notified)
        {
            WasRungHere = false;
            return true;
        }

        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var notified = false;
        try
        {
            if (!BeginWait(wait))
            {
                // Zero would mean for ever.
                notified = await _connection.WaitAsync(Math.Max(1, (int)timeout.TotalMilliseconds), wait.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Rung.
        }
        finally
        {
            notified |= EndWait();
        }

        return notified;
    }

    public void Dispose()
    {
        _connection.Notification -= OnNotification;
        _disposed.Cancel();
        _disposed.Dispose();
    }

    /// <summary>Lets a ring cancel the wait; returns whether there was one already.</summary>
    private bool BeginWait(CancellationTokenSource wait)
    {
        if (_ringing.IsCompleted)
        {
            _ringing = RingAsync(_disposed.Token);
        }

        lock (_gate)
        {
            _wait = wait;
            return _rung;
        }
    }

    private bool EndWait()
    {
        lock (_gate)
        {
            _wait = null;
            var rung = _rung;
            _rung = false;
            return WasRungHere = rung;
        }
    }

    private async Task RingAsync(CancellationToken disposed)
    {
        try
        {
            await _ring.WaitAsync(Timeout.InfiniteTimeSpan, disposed).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            return;
        }

        lock (_gate)
        {
            _rung = true;
            _ = _wait?.CancelAsync();
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs e) => _notified = true;
}
