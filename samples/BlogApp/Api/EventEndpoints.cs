using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using BlogApp.Data;
using FraiseQL.EfCore.State;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlogApp.Api;

/// <summary>
/// Tells pages what changed, as server-sent events: <c>hello</c> when nothing is missed from now on, <c>change</c> with the post's id and the
/// kind of change, and <c>reset</c> when changes may have been missed. Every node tells its own pages, whoever made the change.
/// </summary>
internal static class EventEndpoints
{
    public static void Map(RouteGroupBuilder api) => api.MapGet("/events", Events);

    private static ServerSentEventsResult<ChangeNotice> Events(
        IChangeFeed feed, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
        => TypedResults.ServerSentEvents(EventsAsync(feed, lifetime.ApplicationStopping, cancellationToken));

    private static async IAsyncEnumerable<SseItem<ChangeNotice>> EventsAsync(
        IChangeFeed feed, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // An open stream must not hold up the end of the program.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        var notices = Channel.CreateBounded<ChangeNotice?>(64);
        var pumps = new[]
        {
            PumpAsync<Post>(feed, "id", notices.Writer, end.Token),
            PumpAsync<Comment>(feed, "post_id", notices.Writer, end.Token),
            PumpAsync<PostTag>(feed, "post_id", notices.Writer, end.Token),
        };

        try
        {
            var resets = 0;
            await foreach (var notice in notices.Reader.ReadAllAsync(CancellationToken.None))
            {
                if (notice is { } change)
                {
                    yield return new SseItem<ChangeNotice>(change, "change");
                }
                else if (++resets >= pumps.Length)
                {
                    // Every feed begins with a reset: once all have, the page is covered.
                    yield return new SseItem<ChangeNotice>(default, resets == pumps.Length ? "hello" : "reset");
                }
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(pumps);
        }
    }

    /// <summary>Moves one feed into the channel until the stream ends; a full channel makes the feed wait, or skip and say so.</summary>
    private static async Task PumpAsync<TEntity>(
        IChangeFeed feed, string postId, ChannelWriter<ChangeNotice?> notices, CancellationToken cancellationToken)
        where TEntity : class
    {
        try
        {
            await foreach (var item in feed.WatchAsync<TEntity>(cancellationToken: cancellationToken))
            {
                await notices.WriteAsync(item.IsReset ? null : Notice(item.Change, postId), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            notices.TryComplete();
        }
    }

    private static ChangeNotice Notice<TEntity>(ChangeEvent<TEntity> change, string postId)
        where TEntity : class
        => new(change.Payload.TryGetProperty(postId, out var id) && id.ValueKind == JsonValueKind.Number ? id.GetInt32() : null, change.Type);
}

/// <summary>What a page is told of a change.</summary>
/// <param name="Id">The post it is about; <see langword="null"/> if it is about all of them.</param>
/// <param name="Type">Such as <c>post_updated</c> or <c>comment_created</c>.</param>
public readonly record struct ChangeNotice(int? Id, string? Type);
