using System.Collections.Immutable;
using FraiseQL.EfCore.State.Testing;

namespace FraiseQL.EfCore.State;

/// <summary>The committed changes of one entity type since <see cref="RecordedChanges"/> began to record, in the order of the writes for each entity.</summary>
/// <remarks>Thread-safe; a change itself is to be read from one thread at a time.</remarks>
/// <typeparam name="TEntity">The entity type.</typeparam>
public sealed class RecordedChanges<TEntity> : IAsyncDisposable
    where TEntity : class
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Task _following;
    private ImmutableList<ChangeEvent<TEntity>> _changes = [];
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal RecordedChanges(IChangeFeed feed) => _following = FollowAsync(feed);

    /// <summary>What has been recorded so far. A change that was just committed comes a moment later: <see cref="WaitForAsync"/>.</summary>
    public IReadOnlyList<ChangeEvent<TEntity>> Changes
    {
        get
        {
            lock (_gate)
            {
                return _changes;
            }
        }
    }

    /// <summary>Waits for a change, or finds one that has been recorded already.</summary>
    /// <param name="match">Which one; the first unless given.</param>
    /// <param name="timeout">How long to wait at most; 30 seconds unless given.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The first change that matches.</returns>
    /// <exception cref="TimeoutException">None came in time.</exception>
    public async Task<ChangeEvent<TEntity>> WaitForAsync(
        Func<ChangeEvent<TEntity>, bool>? match = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var limit = timeout ?? TimeSpan.FromSeconds(30);
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task next;
            ImmutableList<ChangeEvent<TEntity>> changes;
            lock (_gate)
            {
                (changes, next) = (_changes, _next.Task);
            }

            if (changes.Find(c => match?.Invoke(c) != false) is { } found)
            {
                return found;
            }

            try
            {
                var left = limit - TimeProvider.System.GetElapsedTime(start);
                await next.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException(TestingStrings.NotSeen(typeof(TEntity).Name, limit, changes.Count));
            }
        }
    }

    /// <summary>Ends the recording; what was recorded can still be read.</summary>
    /// <returns>A task that completes when nothing more is recorded.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    internal Task StartedAsync(CancellationToken cancellationToken) => _started.Task.WaitAsync(cancellationToken);

    private async Task FollowAsync(IChangeFeed feed)
    {
        try
        {
            await foreach (var item in feed.WatchAsync<TEntity>(cancellationToken: _stop.Token).ConfigureAwait(false))
            {
                _started.TrySetResult();
                if (!item.IsReset)
                {
                    Record(item.Change);
                }
            }
        }
#pragma warning disable CA1031 // It is thrown where somebody waits.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _started.TrySetException(error);
            lock (_gate)
            {
                _next.TrySetException(error);

                // Nobody may be waiting for it.
                _ = _next.Task.Exception;
            }
        }
    }

    private void Record(ChangeEvent<TEntity> change)
    {
        TaskCompletionSource told;
        lock (_gate)
        {
            _changes = _changes.Add(change);
            (told, _next) = (_next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        told.SetResult();
    }
}
