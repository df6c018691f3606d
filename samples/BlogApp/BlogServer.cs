using BlogApp.Api;
using BlogApp.Data;
using BlogApp.Load;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.EntityFrameworkCore;

namespace BlogApp;

/// <summary>The web application: one node of the blog.</summary>
internal static class BlogServer
{
    /// <summary>Builds a node; its database is migrated by <see cref="RunAsync"/> or by the caller.</summary>
    /// <exception cref="SettingsException">The connection string is missing.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(BlogServer).Assembly.GetName().Name,
            // Not the current folder: the page and the settings lie beside the program.
            ContentRootPath = AppContext.BaseDirectory,
        });

        // What the first visitors ask for is there before they come, and again after it has changed.
        BlogDatabase.Add(builder.Services, builder.Configuration)
            .AddWarmup("Feed", (BlogContext db) => PostQueries.Page(db.Posts, 1).Cacheable(), o => o.KeepWarm())
            .AddWarmup("Trending", (BlogContext db) => PostQueries.Trending(db, TimeProvider.System).Cacheable(PostQueries.TrendingTtl), o => o.KeepWarm());
        builder.Services.AddHealthChecks().AddFraiseQLState<BlogContext>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddScoped<CacheReport>();
        builder.Services.AddSingleton<LoadRun>();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<BadRequestHandler>();
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use((context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
                ? CacheReport.AddHeadersAsync(context, next)
                : next(context);
        });
        app.UseDefaultFiles();
        app.UseStaticFiles();

        // For a load balancer: a node that lost Redis or its listener still answers rightly, so it stays in ("Degraded" is 200 too).
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });

        // As everything here it asks nobody who they are; where there is a sign-in: .RequireAuthorization("ops").
        app.MapFraiseQLState("/fraiseql").AllowAnonymous();

        var api = app.MapGroup("/api");
        PostEndpoints.Map(api);
        AuthorEndpoints.Map(api);
        TagEndpoints.Map(api);
        EventEndpoints.Map(api);
        LoadEndpoints.Map(api);
        return app;
    }

    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = Build(args);
        await BlogDatabase.MigrateAsync(app.Services, app.Lifetime.ApplicationStopping);
        await app.RunAsync();
        return 0;
    }
}
