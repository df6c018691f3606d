using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>What the page may change. Each call is logged with the name of the user, whatever becomes of it.</summary>
internal sealed class Administration(FraiseQLStateDashboardOptions options, ILogger logger)
{
    private const int MostBytes = 16 * 1024;
    private const int LongestLogged = 100;

    public static readonly string[] Names = ["invalidate", "pause", "resume", "retry", "skip"];

    /// <summary>The request; <see langword="null"/>, and answered, when it is none.</summary>
    public static async Task<ActionRequest?> ReadAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MostBytes;
        }

        try
        {
            if (await JsonSerializer.DeserializeAsync(http.Request.Body, DashboardJson.Default.ActionRequest, http.RequestAborted).ConfigureAwait(false) is { } request)
            {
                return request;
            }
        }
        catch (Exception error) when (error is JsonException or BadHttpRequestException)
        {
        }

        await Answer.ErrorAsync(http, StatusCodes.Status400BadRequest, DashboardStrings.NotJson).ConfigureAwait(false);
        return null;
    }

    public async Task ActAsync(HttpContext http, ContextView context, string action, ActionRequest request)
    {
        if (!options.AllowActions)
        {
            await Answer.ErrorAsync(http, StatusCodes.Status403Forbidden, DashboardStrings.NoActions).ConfigureAwait(false);
            return;
        }

        var (status, done, message) = await TryAsync(context, action, request, http.RequestAborted).ConfigureAwait(false);
        var user = http.User.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? name : "(anonymous)";
        logger.Acted(Printable(user), context.Name, action, Printable(TargetOf(request)), done ? "done" : "not done");
        await Answer.JsonAsync(http, new ActionAnswer(done, message), DashboardJson.Default.ActionAnswer, status).ConfigureAwait(false);
    }

    private async Task<(int Status, bool Done, string Message)> TryAsync(ContextView context, string action, ActionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return action switch
            {
                "invalidate" => await InvalidateAsync(context, request, cancellationToken).ConfigureAwait(false),
                "pause" or "resume" => await SwitchAsync(context, action == "pause", request, cancellationToken).ConfigureAwait(false),
                _ => await SettleAsync(context, action == "retry", request, cancellationToken).ConfigureAwait(false),
            };
        }
#pragma warning disable CA1031 // Whatever the database says, the page says that it was not done.
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.ActionFailed(error, context.Name, action);
            return (StatusCodes.Status503ServiceUnavailable, false, DashboardStrings.Failed(error.GetType().Name));
        }
    }

    private static async Task<(int Status, bool Done, string Message)> InvalidateAsync(ContextView context, ActionRequest request, CancellationToken cancellationToken)
    {
        var name = request.Name ?? "";
        switch (request.Target)
        {
            case "all":
                await context.Cache.InvalidateAllAsync(cancellationToken).ConfigureAwait(false);
                return Done("Every cached result has ended, on every node.");

            case "tag" or "query" or "entity" when string.IsNullOrWhiteSpace(name):
                return (StatusCodes.Status400BadRequest, false, DashboardStrings.NothingNamed);

            case "tag":
                await context.Cache.InvalidateTagAsync(name, cancellationToken).ConfigureAwait(false);
                return Done($"Results with the tag '{name}' have ended, on every node.");

            case "query":
                await context.Cache.InvalidateAsync(i => i.Query(name), cancellationToken).ConfigureAwait(false);
                return Done($"Results of the query '{name}' have ended, on every node.");

            case "entity":
                var entities = await context.EntitiesAsync().ConfigureAwait(false);
                if (entities.FirstOrDefault(e => e.Name == name).Type is not { } type)
                {
                    return (StatusCodes.Status404NotFound, false, DashboardStrings.UnknownEntity(name));
                }

                await context.Cache.InvalidateAsync(i => i.Entity(type), cancellationToken).ConfigureAwait(false);
                return Done($"Results that depend on {name} have ended, on every node.");

            default:
                return (StatusCodes.Status400BadRequest, false, DashboardStrings.UnknownTarget);
        }
    }

    private static async Task<(int Status, bool Done, string Message)> SwitchAsync(
        ContextView context, bool isPause, ActionRequest request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.Group))
        {
            return (StatusCodes.Status400BadRequest, false, DashboardStrings.NothingNamed);
        }

        var done = isPause
            ? await context.Groups.PauseAsync(request.Group, cancellationToken).ConfigureAwait(false)
            : await context.Groups.ResumeAsync(request.Group, cancellationToken).ConfigureAwait(false);
        await context.GroupWatch.ReadAsync().ConfigureAwait(false);
        return !done ? NotThere()
            : Done(isPause
                ? $"{request.Group} is paused: the node that runs it stops within {context.Runtime.Options.Cdc.HandlerLease.TotalSeconds / 3:0.#} s."
                : $"{request.Group} goes on within a second or so.");
    }

    private static async Task<(int Status, bool Done, string Message)> SettleAsync(
        ContextView context, bool isRetry, ActionRequest request, CancellationToken cancellationToken)
    {
        if (isRetry && request.Seq is null)
        {
            var count = await context.DeadLetters.RetryAllAsync(string.IsNullOrEmpty(request.Group) ? null : request.Group, cancellationToken).ConfigureAwait(false);
            return count == 0 ? NotThere() : Done($"{count} {Events(count)} will be handled again.");
        }

        if (request.Seq is not { } seq || string.IsNullOrEmpty(request.Group))
        {
            return (StatusCodes.Status400BadRequest, false, DashboardStrings.NothingNamed);
        }

        var letters = await context.DeadLetters.ListAsync(request.Group, int.MaxValue, cancellationToken).ConfigureAwait(false);
        if (letters.FirstOrDefault(l => l.Seq == seq) is not { } letter)
        {
            return NotThere();
        }

        if (isRetry)
        {
            var count = await context.DeadLetters.RetryAsync(letter, cancellationToken).ConfigureAwait(false);
            return count == 0 ? NotThere() : Done($"{count} {Events(count)} of this {letter.EntityType} will be handled again, in order.");
        }

        return await context.DeadLetters.SkipAsync(letter, cancellationToken).ConfigureAwait(false)
            ? Done($"Event {seq} is given up; those that waited behind it will be handled.")
            : NotThere();
    }

    private static string Events(int count) => count == 1 ? "event" : "events";

    private static (int Status, bool Done, string Message) Done(string message) => (StatusCodes.Status200OK, true, message);

    private static (int Status, bool Done, string Message) NotThere() => (StatusCodes.Status404NotFound, false, DashboardStrings.NotThere);

    private static string TargetOf(ActionRequest request)
        => string.Join(' ', ((string?[])[request.Target, request.Name, request.Group, request.Seq?.ToString(CultureInfo.InvariantCulture)]).Where(part => !string.IsNullOrEmpty(part)));

    // Whoever calls chooses the text; it must not make lines of the log.
    private static string Printable(string text)
    {
        var cut = text.Length > LongestLogged ? text[..LongestLogged] : text;
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
    }
}
