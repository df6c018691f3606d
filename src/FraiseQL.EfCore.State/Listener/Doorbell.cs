using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>Waits on one connection for PostgreSQL's NOTIFY and for a ring from this process at once.</summary>
/// <remarks>
/// Npgsql allows one operation at a time on a connection, and breaks nothing when a wait for notifications is cancelled: a ring cancels
/// the wait, and the connection is free for the query within microseconds. One caller at a time.
/// </remarks>
internal sealed class Doorbell : IDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly WakeSignal _ring;
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

    /// <summary>Returns whether somebody rang before <paramref name="timeout"/> had passed.</summary>
    public async Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_notified)
        {
            return true;
        }

        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ring = RingAsync(wait);
        var notified = false;
        try
        {
            if (!ring.IsCompleted)
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
            // The next wait must find the signal free. A ring that came in just now is not lost: it is answered below.
            await wait.CancelAsync().ConfigureAwait(false);
            await ((Task)ring).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return notified || await ring.ConfigureAwait(false);
    }

    public void Dispose() => _connection.Notification -= OnNotification;

    private async Task<bool> RingAsync(CancellationTokenSource wait)
    {
        try
        {
            var rung = await _ring.WaitAsync(Timeout.InfiniteTimeSpan, wait.Token).ConfigureAwait(false);
            await wait.CancelAsync().ConfigureAwait(false);
            return rung;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs e) => _notified = true;
}
