using System.Net.Http.Json;
using System.Text.Json;
using FraiseQL.EfCore.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace BlogApp.Tests;

/// <summary>The real application on a free port, with a client for it.</summary>
public sealed class BlogNode : IAsyncDisposable
{
    private readonly WebApplication _app;

    private BlogNode(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
        Http = new HttpClient { BaseAddress = new Uri(address, "/api/") };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>What the node has read before it was asked.</summary>
    public IReadOnlyList<WarmedQuery> Warmups => _app.Services.GetRequiredService<IWarmupStatus>().Queries;

    public static async Task<BlogNode> StartAsync(string blog, string? redis = null)
    {
        var app = BlogServer.Build(
            ["--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Blog={blog}", $"--ConnectionStrings:Redis={redis}", "--Logging:LogLevel:Default=Error",
                "--Logging:Searched:LogLevel:FraiseQL.EfCore.State=Trace"]);
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(new SearchedLog());
        await Data.BlogDatabase.MigrateAsync(app.Services, CancellationToken.None);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new BlogNode(app, new Uri(address));
    }

    public async Task<Reply> GetAsync(string path) => await Reply.OfAsync(await Http.GetAsync(path));

    public async Task<Reply> PostAsync(string path, object body) => await Reply.OfAsync(await Http.PostAsJsonAsync(path, body));

    public async Task<Reply> PutAsync(string path, object body) => await Reply.OfAsync(await Http.PutAsJsonAsync(path, body));

    public async Task<Reply> DeleteAsync(string path) => await Reply.OfAsync(await Http.DeleteAsync(path));

    /// <summary>Reads until the answer comes from this node's memory.</summary>
    public Task<Reply> WarmAsync(string path) => Eventually.For(() => GetAsync(path), reply => reply.Cache == "l1");

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        // Over HTTP the health checks say a word only: here they say all.
        LeakSearch.OfTheRun.Search(await _app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync());
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        LeakSearch.OfTheRun.AssertNothingFound();
    }
}

/// <summary>An answer of the API.</summary>
public sealed record Reply(int Status, string Cache, string ContentType, JsonElement Body)
{
    public JsonElement this[string name] => Body.GetProperty(name);

    /// <summary>The messages of a validation problem about one field.</summary>
    public string Errors(string field)
        => Body.GetProperty("errors").TryGetProperty(field, out var messages)
            ? string.Join(' ', messages.EnumerateArray().Select(m => m.GetString()))
            : "";

    public static async Task<Reply> OfAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.Matches("^[0-9]+\\.[0-9]{2}$", response.Headers.GetValues("X-Elapsed-Ms").Single());
            Assert.StartsWith("app;dur=", response.Headers.GetValues("Server-Timing").Single(), StringComparison.Ordinal);
            return new Reply(
                (int)response.StatusCode,
                response.Headers.GetValues("X-Cache").Single(),
                response.Content.Headers.ContentType?.MediaType ?? "",
                text.Length == 0 ? default : JsonElement.Parse(text));
        }
    }
}
