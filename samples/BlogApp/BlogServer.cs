using BlogApp.Api;
using BlogApp.Data;
using BlogApp.Load;

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

        BlogDatabase.Add(builder.Services, builder.Configuration);
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
