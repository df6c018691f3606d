using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

/// <summary>An application with the blog and the dashboard, on Kestrel and a free port.</summary>
public sealed class Site : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Site(WebApplication app, string connectionString, string path)
    {
        _app = app;
        ConnectionString = connectionString;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Page = new Uri($"{address}{path}/");
        Http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = Page };
    }

    public string ConnectionString { get; }

    /// <summary>Where the dashboard is.</summary>
    public Uri Page { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public FakeLogCollector Logs => Services.GetRequiredService<FakeLogCollector>();

    /// <summary>Whether the handlers throw.</summary>
    public bool HandlersFail { get; set; }

    public List<string> Handled { get; } = [];

    public static async Task<Site> StartAsync(
        string environment = "Development",
        Action<IEndpointConventionBuilder>? secure = null,
        Action<FraiseQLStateDashboardOptions>? dashboard = null,
        Action<FraiseQLStateOptions>? options = null,
        Action<WebApplicationBuilder>? services = null,
        Action<FraiseQLStateBuilder>? state = null,
        string? redis = null,
        string pathBase = "",
        string? connectionString = null)
    {
        var runsHandlers = connectionString is null;
        if (connectionString is null)
        {
            connectionString = await PostgresServer.CreateSharedDatabaseAsync();
            await Seed.CreateAsync(connectionString);
        }

        Site site = null!;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment, ApplicationName = "Blog" });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddFakeLogging().AddProvider(new SearchedLog())
            .AddFilter<SearchedLog>("FraiseQL.EfCore.State", LogLevel.Trace);
        builder.Services.AddDbContextFactory<BlogContext>(o => o.UseNpgsql(connectionString).UseFraiseQLState());
        var added = builder.Services.AddFraiseQLState<BlogContext>(configure: o =>
        {
            o.Cdc.HandlerLease = TimeSpan.FromSeconds(1.5);
            o.Cdc.Retry.Attempts = 2;
            o.Cdc.Retry.MinDelay = TimeSpan.FromMilliseconds(5);
            options?.Invoke(o);
        });
        added.OnEvent<Post>(ChangeKind.Updated, (change, _, _) =>
        {
            if (site.HandlersFail)
            {
                throw new InvalidOperationException($"The index refused {change.Payload.GetRawText()}");
            }

            lock (site.Handled)
            {
                site.Handled.Add(change.EntityId);
            }

            return Task.CompletedTask;
        });
        if (redis is not null)
        {
            added.AddRedis(redis);
        }

        state?.Invoke(added);
        builder.Services.AddAuthentication(HeaderAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>(HeaderAuthentication.SchemeName, null);
        builder.Services.AddAuthorization(o => o.AddPolicy("ops", p => p.RequireRole("ops")));
        services?.Invoke(builder);
        SearchedHealthChecks.Search(builder.Services);
        var app = builder.Build();
        if (pathBase.Length > 0)
        {
            app.UsePathBase(pathBase);
            app.UseRouting();
        }

        app.UseAuthentication();
        app.UseAuthorization();
        var mapped = app.MapFraiseQLState("/fraiseql", dashboard);
        secure?.Invoke(mapped);
        await app.StartAsync();
        site = new Site(app, connectionString, pathBase + "/fraiseql");
        await Eventually.Until(async () => (await site.ReadAsync(db => db.Authors.Cacheable().CountAsync())).Outcome != CacheOutcome.Bypass);
        await Eventually.Until(() => !runsHandlers || site.Logs.GetSnapshot().Any(l => l.Id.Id == FraiseQLStateEventId.HandlersTaken));
        return site;
    }

    public async Task<(T Value, CacheOutcome Outcome)> ReadAsync<T>(Func<BlogContext, Task<T>> query)
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<BlogContext>>().CreateDbContextAsync();
        var value = await query(db);
        return (value, db.Database.GetCacheOutcome());
    }

    public Task SqlAsync(string sql) => Seed.ExecuteAsync(ConnectionString, sql);

    public async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>What the page sends; some of it can be left out or be wrong.</summary>
    public async Task<(int Status, JsonElement Answer)> PostAsync(
        string path, object body, string? header = "1", string? origin = null, string? fetchSite = null, string? user = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, contentType);
        foreach (var (name, value) in ((string, string?)[])[("X-FraiseQL", header), ("Origin", origin), ("Sec-Fetch-Site", fetchSite), (HeaderAuthentication.Header, user)])
        {
            if (value is not null)
            {
                request.Headers.Add(name, value);
            }
        }

        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        LeakSearch.OfTheRun.AssertNothingFound();
    }
}
