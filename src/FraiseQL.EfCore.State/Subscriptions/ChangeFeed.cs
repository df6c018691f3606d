using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Subscriptions;

/// <summary>Fans the changes of one context out to those who watch, within this process.</summary>
internal sealed class ChangeFeed(StateRuntime runtime, ContextDatabase database, ListenerStatus listener, IServiceScopeFactory scopes)
    : IChangeFeed, IBroadcastConsumer
{
    private readonly ConcurrentDictionary<FeedSubscription, FeedSubscription> _subscriptions = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource? _pollEnd; // who began to watch during a poll that reads no rows waits for it
    private bool _isRowless;                // such a poll goes on
    private volatile bool _hasWatchers;     // when the poll began
    private (PgSnapshot From, PgSnapshot To) _window = (PgSnapshot.Beginning, PgSnapshot.Beginning); // the listener's thread only

    public async IAsyncEnumerable<ChangeFeedItem<TEntity>> WatchAsync<TEntity>(
        WatchOptions<TEntity>? options, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TEntity : class
    {
        if (!runtime.Options.Cdc.Enabled)
        {
            throw new InvalidOperationException(StateStrings.FeedWithoutListener(database.Name));
        }

        options ??= new WatchOptions<TEntity>();
        var resumption = options.From is { } from ? FeedResumption.Parse(from) : null;
        var wanted = new HandlerRegistry(database.ContextType);
        wanted.Add(new HandlerRoute<TEntity>(
            $"WatchAsync<{typeof(TEntity).Name}>()", null, null, new HandlerSettings(), static (_, _, _) => Task.CompletedTask));
        var shapes = wanted.Resolve(await database.ReadModelAsync().ConfigureAwait(false));
        using var subscription = new FeedSubscription(shapes, resumption is not null);

        // For change.Entity, which EF's context materialises.
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);

        // What is committed after this position is offered to the subscription.
        var last = listener.Position is { } position ? LogPlace.At(position) : null;
        var pollEnd = Subscribe(subscription);
        try
        {
            await pollEnd.WaitAsync(cancellationToken).ConfigureAwait(false);
            var entries = resumption is null
                ? LiveAsync(subscription, cancellationToken)
                : resumption.ReadAsync(database, subscription, LiveAsync, cancellationToken);
            await foreach (var (record, place) in entries.ConfigureAwait(false))
            {
                if (record is null)
                {
                    // Before the first change, and after the log was another one, only the listener knows a place.
                    last = place ?? last;
                    yield return new ChangeFeedItem<TEntity>(null, EventRecord.EpochOf(listener.Log), last);
                    continue;
                }

                last = place;
                var change = new ChangeEvent<TEntity>(record, scope.ServiceProvider);
                if (options.Wants(change))
                {
                    yield return new ChangeFeedItem<TEntity>(change, record.Epoch, place);
                }
            }
        }
        finally
        {
            _subscriptions.TryRemove(subscription, out var _);
        }
    }

    /// <summary>Every change of every captured table from now on, for people who look on; <see langword="null"/> at the beginning, and where some may have been missed.</summary>
    public async IAsyncEnumerable<EventRecord?> WatchAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var capture = CaptureModel.For(await database.ReadModelAsync().ConfigureAwait(false));
        using var subscription = new FeedSubscription(
            capture.Tables.ToDictionary(
                t => t.Relation, t => new EventShape(t.EventPrefix, [.. t.EventKey.Select(k => k.KeyName)], t.IsPart, null, [], null, t.EventTypes), StringComparer.Ordinal),
            resumes: false);
        var pollEnd = Subscribe(subscription);
        try
        {
            await pollEnd.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (true)
            {
                yield return (await subscription.TakeAsync(cancellationToken).ConfigureAwait(false)).Record;
            }
        }
        finally
        {
            _subscriptions.TryRemove(subscription, out var _);
        }
    }

    public void CoverageStarted(PgSnapshot from)
    {
        PollEnded();
        foreach (var (subscription, _) in _subscriptions)
        {
            subscription.Reset(from);
        }
    }

    public int Watchers => _subscriptions.Count;

    public bool WantsRows => _hasWatchers;

    public long PollStarting()
    {
        lock (_gate)
        {
            PollEnded();
            _hasWatchers = !_subscriptions.IsEmpty;
            _isRowless = !_hasWatchers;
            return 0;
        }
    }

    public void WindowReached(PgSnapshot from, PgSnapshot to) => _window = (from, to);

    public void Changed(IReadOnlyList<ChangeRecord> changes)
    {
        if (!_hasWatchers)
        {
            // Who wants to watch since then has not been told to begin yet.
            return;
        }

        var epoch = EventRecord.EpochOf(listener.Log);
        foreach (var (subscription, _) in _subscriptions)
        {
            foreach (var change in changes)
            {
                subscription.Offer(change, epoch, _window.From, _window.To);
            }
        }
    }

    public void CaughtUp(long poll, PgSnapshot position)
    {
        // A watcher is told of changes, not of the passing of time.
        PollEnded();
    }

    public void CaptureVerified(IReadOnlySet<string> relations)
    {
        // A table that is not captured is refused when it is to be watched.
    }

    /// <summary>From the end of the returned task on, every change that is committed is offered to the subscription.</summary>
    private Task Subscribe(FeedSubscription subscription)
    {
        lock (_gate)
        {
            _subscriptions[subscription] = subscription;
            return _isRowless ? (_pollEnd ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    private void PollEnded()
    {
        lock (_gate)
        {
            _isRowless = false;
            _pollEnd?.SetResult();
            _pollEnd = null;
        }
    }

    private static async IAsyncEnumerable<FeedEntry> LiveAsync(
        FeedSubscription subscription, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            yield return await subscription.TakeAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
