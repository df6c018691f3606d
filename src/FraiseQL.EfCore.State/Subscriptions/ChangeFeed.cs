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

    public async IAsyncEnumerable<ChangeFeedItem<TEntity>> WatchAsync<TEntity>([EnumeratorCancellation] CancellationToken cancellationToken)
        where TEntity : class
    {
        if (!runtime.Options.Cdc.Enabled)
        {
            throw new InvalidOperationException(StateStrings.FeedWithoutListener(database.Name));
        }

        var wanted = new HandlerRegistry(database.ContextType);
        wanted.Add(new HandlerRoute<TEntity>($"WatchAsync<{typeof(TEntity).Name}>()", null, static (_, _, _) => Task.CompletedTask));
        using var subscription = new FeedSubscription(wanted.Resolve(await database.ReadModelAsync().ConfigureAwait(false)));

        // For change.Entity, which EF's context materialises.
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        _subscriptions[subscription] = subscription;
        try
        {
            while (true)
            {
                var record = await subscription.TakeAsync(cancellationToken).ConfigureAwait(false);
                yield return new ChangeFeedItem<TEntity>(record is null ? null : new ChangeEvent<TEntity>(record, scope.ServiceProvider));
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
            subscription.Reset();
        }
    }

    public long PollStarting() => 0;

    public void Changed(IReadOnlyList<ChangeRecord> changes)
    {
        var epoch = EventRecord.Epoch(listener.Log);
        foreach (var (subscription, _) in _subscriptions)
        {
            foreach (var change in changes)
            {
                subscription.Offer(change, epoch);
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
}
