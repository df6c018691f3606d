using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;

namespace FraiseQL.EfCore.State.Subscriptions;

/// <summary>
/// Goes on where a watcher was: first from the log, on a connection of its own, then with what is offered live. The two overlap, and the
/// snapshot of the last reading says which of the live changes were told already.
/// </summary>
internal sealed class FeedResumption(string epoch, LogPlace start)
{
    private const int PageSize = 500;
    private const string ConnectionPurpose = "fraiseql-feed";

    /// <exception cref="ArgumentException">The text is no position.</exception>
    public static FeedResumption Parse(string position)
        => FeedPosition.TryParse(position, out var epoch, out var place)
            ? new FeedResumption(epoch, place)
            : throw new ArgumentException(StateStrings.NotAPosition("WatchOptions.From"), nameof(position));

    public async IAsyncEnumerable<FeedEntry> ReadAsync(
        ContextDatabase database, FeedSubscription subscription,
        Func<FeedSubscription, CancellationToken, IAsyncEnumerable<FeedEntry>> liveAsync,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(ConnectionPurpose, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var state = await LogIdentityQuery.BeginAsync(connection, cancellationToken).ConfigureAwait(false);
            if (EventRecord.EpochOf(state.Identity.Log) != epoch || state.HasPruned(start.From) || state.Snapshot.Xmax < (start.To ?? start.From).Xmax)
            {
                // Another server, a restored copy: the position says nothing here.
                subscription.TryGoOnFrom(state.Snapshot);
                yield return new FeedEntry(null, LogPlace.At(state.Snapshot));
            }
            else
            {
                var reader = new EventLogReader(connection);
                await using var _ = reader.ConfigureAwait(false);
                var place = start;
                do
                {
                    // The end of the window that the position is in was reached long ago; one that begins here ends now.
                    LogPage page;
                    bool endsNow;
                    var window = place.To;
                    do
                    {
                        page = await reader.ReadPageAsync(place.From, place.To, place.Seq, PageSize, cancellationToken).ConfigureAwait(false);
                        foreach (var change in page.Changes)
                        {
                            if (subscription.Shapes.TryGetValue(change.Relation, out var shape))
                            {
                                yield return new FeedEntry(new EventRecord(change, shape, epoch), new LogPlace(place.From, page.To, change.Seq));
                            }
                        }

                        endsNow = page.IsLast && window is null;
                        window = page.IsLast ? null : window;
                        place = page.IsLast ? LogPlace.At(page.To) : new LogPlace(place.From, page.To, page.Changes[^1].Seq);
                    }
                    while (!endsNow);
                }
                while (!subscription.TryGoOnFrom(place.From));
            }
        }

        await foreach (var entry in liveAsync(subscription, cancellationToken).ConfigureAwait(false))
        {
            yield return entry;
        }
    }
}
