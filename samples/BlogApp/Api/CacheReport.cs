using System.Globalization;
using BlogApp.Data;
using FraiseQL.EfCore.State;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Api;

/// <summary>
/// Collects, for one request, where its cacheable queries were answered, and says it in <c>X-Cache</c>: the slowest place counts.
/// </summary>
internal sealed class CacheReport
{
    private CacheOutcome _slowest = CacheOutcome.None;

    /// <summary>Notes how the context's last cacheable query was answered.</summary>
    public void Note(BlogContext db)
    {
        var outcome = db.Database.GetCacheOutcome();
        if (outcome > _slowest)
        {
            _slowest = outcome;
        }
    }

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

    public override string ToString() => _slowest switch
    {
        CacheOutcome.L1Hit => "l1",
        CacheOutcome.L2Hit => "l2",
        CacheOutcome.Miss => "miss",
        _ => "bypass",
    };
}
