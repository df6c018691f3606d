using System.Text;
using System.Text.Json;
using FraiseQL.EfCore.State.Dispatch;
using Microsoft.AspNetCore.Http;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>Live changes as server-sent events, for people: of a flood, so many a second, and the number of the others.</summary>
internal sealed class EventStream(FraiseQLStateDashboardOptions options, TimeProvider time, CancellationToken stopping)
{
    private const int MostASecond = 40;

    private static readonly TimeSpan s_breath = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    public async Task SendAsync(HttpContext http, ContextView context)
    {
        if (!context.Runtime.Options.Cdc.Enabled)
        {
            await Answer.ErrorAsync(http, StatusCodes.Status404NotFound, StateStrings.FeedWithoutListener(context.Name)).ConfigureAwait(false);
            return;
        }

        Answer.Secure(http);
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            await WriteAsync(http, "retry: 2000\n: connected\n\n", end.Token).ConfigureAwait(false);
            await SendAsync(http, context.Feed.WatchAllAsync(end.Token), end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The page was closed, or the application stops.
        }
    }

    private async Task SendAsync(HttpContext http, IAsyncEnumerable<EventRecord?> changes, CancellationToken cancellationToken)
    {
        var source = changes.GetAsyncEnumerator(cancellationToken);
        await using var _ = source.ConfigureAwait(false);
        var (begun, sent, dropped) = (time.GetTimestamp(), 0, 0);
        var isWatching = false;
        var next = source.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (!next.IsCompleted && await Task.WhenAny(next, Task.Delay(dropped > 0 ? s_breath : s_heartbeat, time, cancellationToken)).ConfigureAwait(false) != next)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await WriteAsync(http, dropped > 0 ? Dropped(dropped) : ": still here\n\n", cancellationToken).ConfigureAwait(false);
                    (begun, sent, dropped) = (time.GetTimestamp(), 0, 0);
                    continue;
                }

                if (!await next.ConfigureAwait(false))
                {
                    return;
                }

                if (time.GetElapsedTime(begun) > s_breath)
                {
                    if (dropped > 0)
                    {
                        await WriteAsync(http, Dropped(dropped), cancellationToken).ConfigureAwait(false);
                    }

                    (begun, sent, dropped) = (time.GetTimestamp(), 0, 0);
                }

                if (source.Current is null)
                {
                    await WriteAsync(http, isWatching ? "event: reset\ndata: {}\n\n" : ": watching\n\n", cancellationToken).ConfigureAwait(false);
                    isWatching = true;
                }
                else if (sent++ < MostASecond)
                {
                    await WriteAsync(http, $"event: change\ndata: {Text(source.Current)}\n\n", cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    dropped++;
                }

                next = source.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // The enumerator may be disposed only when it stands still, which the cancelled token makes it do.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string Text(EventRecord record)
        => JsonSerializer.Serialize(
            new EventAnswer(
                record.Id, record.Type, record.Change.Entity, record.Kind, record.Change.At,
                options.ShowPayloads ? record.EntityId : null, options.ShowPayloads ? record.Payload.GetRawText() : null),
            DashboardJson.Default.EventAnswer);

    private static string Dropped(int count) => $"event: dropped\ndata: {{\"count\":{count}}}\n\n";

    private static async Task WriteAsync(HttpContext http, string text, CancellationToken cancellationToken)
    {
        await http.Response.WriteAsync(text, Encoding.UTF8, cancellationToken).ConfigureAwait(false);
        await http.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
