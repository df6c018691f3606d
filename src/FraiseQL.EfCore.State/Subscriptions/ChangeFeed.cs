using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Subscriptions;

/// <summary>Fans the changes of one context out to those who watch, within this process.</summary>
internal sealed class ChangeFeed(StateRuntime runtime, ContextDatabase database, ListenerStatus listener, IServiceScopeFactory scopes)
    : IChangeFeed, IBroadcastConsumer
{
    private readonly ConcurrentDictionary<FeedSubscription, FeedSubscription> _subscriptions = new();
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
        _subscriptions[subscription] = subscription;
        try
        {
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

    public void CoverageStarted(PgSnapshot from)
    {
        foreach (var (subscription, _) in _subscriptions)
        {
            subscription.Reset(from);
        }
    }

    public long PollStarting() => 0;

    public void WindowReached(PgSnapshot from, PgSnapshot to) => _window = (from, to);

    public void Changed(IReadOnlyList<ChangeRecord> changes)
    {
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
    }

    public void CaptureVerified(IReadOnlySet<string> relations)
    {
        // A table that is not captured is refused when it is to be watched.
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
