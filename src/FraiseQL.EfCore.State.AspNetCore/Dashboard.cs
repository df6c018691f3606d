using System.Globalization;
using System.Text.Json;
using FraiseQL.EfCore.State.Setup;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>The page and what it asks for. One for each call of <c>MapFraiseQLState</c>; thread-safe.</summary>
internal sealed class Dashboard : IDisposable
{
    private readonly IReadOnlyList<ContextView> _contexts;
    private readonly Guard _guard;
    private readonly Reports _reports;
    private readonly Administration _administration;
    private readonly EventStream _events;

    public Dashboard(IServiceProvider services, FraiseQLStateDashboardOptions options)
    {
        var types = services.GetServices<RegisteredContext>().Select(c => c.Type).ToList();
        if (types.Count == 0)
        {
            throw new InvalidOperationException(DashboardStrings.NoState);
        }

        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(FraiseQLStateDiagnostics.LoggerName);
        var environment = services.GetService<IHostEnvironment>();
        var lifetime = services.GetService<IHostApplicationLifetime>();
        _contexts = [.. types.Select(t => new ContextView(services, t, types.Count(o => o.Name == t.Name) > 1 ? t.FullName! : t.Name, time))];
        _guard = new Guard(environment, logger);
        _reports = new Reports(services, options, _contexts, environment, time);
        _administration = new Administration(options, logger);
        _events = new EventStream(options, time, lifetime?.ApplicationStopping ?? CancellationToken.None);
        lifetime?.ApplicationStopped.Register(Dispose);
    }

    public IEnumerable<(string Path, RequestDelegate Handler)> Pages =>
    [
        ("/", Guarded(PageFiles.SendPageAsync)),
        .. PageFiles.Names.Select(name => ("/" + name, Guarded(http => PageFiles.SendAsync(http, name)))),
        ("/api/state", OfContext(_reports.StateAsync)),
        ("/api/series", OfContext(SendSeriesAsync)),
        ("/api/queries", OfContext(Reports.QueriesAsync)),
        ("/api/queries/{id}/explain", OfContext(Reports.ExplainAsync)),
        ("/api/deadletters", OfContext(_reports.DeadLettersAsync)),
        ("/api/events", OfContext(_events.SendAsync)),
    ];

    public IEnumerable<(string Path, RequestDelegate Handler)> Actions =>
        Administration.Names.Select(name => ("/api/" + name, Guarded(http => ActAsync(http, name))));

    private static async Task SendSeriesAsync(HttpContext http, ContextView context)
    {
        var after = long.TryParse(http.Request.Query["after"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        Answer.Secure(http);
        http.Response.ContentType = "application/json; charset=utf-8";
        var json = new Utf8JsonWriter(http.Response.BodyWriter);
        await using var _ = json.ConfigureAwait(false);
        SamplePoint.Write(json, context.Sampler.After(after));
        await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }

    private RequestDelegate Guarded(RequestDelegate handler) => async http =>
    {
        if (await _guard.LetsInAsync(http).ConfigureAwait(false))
        {
            await handler(http).ConfigureAwait(false);
        }
    };

    private RequestDelegate OfContext(Func<HttpContext, ContextView, Task> handler) => Guarded(async http =>
    {
        if (await FindAsync(http, http.Request.Query["context"]).ConfigureAwait(false) is { } context)
        {
            context.Sampler.Look();
            await handler(http, context).ConfigureAwait(false);
        }
    });

    private async Task ActAsync(HttpContext http, string action)
    {
        if (await _guard.IsOwnPageAsync(http).ConfigureAwait(false)
            && await Administration.ReadAsync(http).ConfigureAwait(false) is { } request
            && await FindAsync(http, request.Context).ConfigureAwait(false) is { } context)
        {
            await _administration.ActAsync(http, context, action, request).ConfigureAwait(false);
        }
    }

    private async Task<ContextView?> FindAsync(HttpContext http, string? name)
    {
        var context = string.IsNullOrEmpty(name) ? _contexts[0] : _contexts.FirstOrDefault(c => c.Name == name);
        if (context is null)
        {
            await Answer.ErrorAsync(http, StatusCodes.Status404NotFound, DashboardStrings.UnknownContext(name!, _contexts.Select(c => c.Name))).ConfigureAwait(false);
        }

        return context;
    }

    public void Dispose()
    {
        _reports.Dispose();
        foreach (var context in _contexts)
        {
            context.Dispose();
        }
    }
}
