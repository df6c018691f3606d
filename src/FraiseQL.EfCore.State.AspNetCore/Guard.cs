using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>Who may see the page, and whether a request to change something comes from it.</summary>
internal sealed class Guard(IHostEnvironment? environment, ILogger logger)
{
    private const string Header = "X-FraiseQL";

    private int _noted;

    /// <summary>Answers 403 where the application has neither protected the dashboard nor opened it.</summary>
    public async Task<bool> LetsInAsync(HttpContext http)
    {
        if (environment?.IsDevelopment() == true || IsDecided(http.GetEndpoint()))
        {
            return true;
        }

        if (Interlocked.Exchange(ref _noted, 1) == 0)
        {
            logger.NotProtected();
        }

        await Answer.ErrorAsync(http, StatusCodes.Status403Forbidden, DashboardStrings.NotProtected).ConfigureAwait(false);
        return false;
    }

    /// <summary>
    /// Answers 403 to what another site may have made a browser send: forms cannot set the header or the type of content, and a script of another
    /// origin would have to ask first.
    /// </summary>
    public async Task<bool> IsOwnPageAsync(HttpContext http)
    {
        var request = http.Request;
        var fetch = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();
        if (request.Headers[Header] == "1"
            && request.HasJsonContentType()
            && (fetch.Length == 0 || fetch == "same-origin")
            && (origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(Authority(request, uri), StringComparison.OrdinalIgnoreCase))))
        {
            return true;
        }

        logger.Refused(request.Path);
        await Answer.ErrorAsync(http, StatusCodes.Status403Forbidden, DashboardStrings.NotOwnPage).ConfigureAwait(false);
        return false;
    }

    // The scheme is the proxy's, if there is one, and the default port is not in an origin.
    private static string Authority(HttpRequest request, Uri origin)
        => request.Host.Port is { } port && port == origin.Port && origin.IsDefaultPort ? request.Host.Host : request.Host.Value ?? "";

    private static bool IsDecided(Endpoint? endpoint)
        => endpoint?.Metadata is { } metadata
            && (metadata.GetMetadata<IAuthorizeData>() is not null || metadata.GetMetadata<AuthorizationPolicy>() is not null || metadata.GetMetadata<IAllowAnonymous>() is not null);
}
