using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

public sealed class AuthorizationTests
{
    private static readonly string[] s_paths =
    [
        "", "app.js", "app.css", "api/state", "api/series", "api/queries", "api/queries/x/explain", "api/deadletters", "api/events",
    ];

    [Fact]
    [Feature("U-41-admin")]
    public async Task Without_a_policy_nothing_is_served_outside_of_development_and_the_log_says_what_to_do()
    {
        await using var site = await Site.StartAsync("Production");
        foreach (var path in s_paths)
        {
            using var answer = await site.Http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("RequireAuthorization", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(403, (await site.PostAsync("api/invalidate", new { target = "all" })).Status);
        var line = Assert.Single(site.Logs.GetSnapshot(), l => l.Id.Id == 7000);
        Assert.Contains(".RequireAuthorization(\"policy\")", line.Message, StringComparison.Ordinal);
        Assert.Contains(".AllowAnonymous()", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-41-admin")]
    public async Task A_policy_of_the_application_decides_who_sees_and_who_does()
    {
        await using var site = await Site.StartAsync("Production", secure: e => e.RequireAuthorization("ops"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(site, "api/state", null));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(site, "api/state", "eve"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(site, "api/state", "ada ops"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(site, "", "ada ops"));
        Assert.Equal(401, (await site.PostAsync("api/invalidate", new { target = "all" })).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", new { target = "all" }, user: "eve")).Status);
        Assert.Equal(200, (await site.PostAsync("api/invalidate", new { target = "all" }, user: "ada ops")).Status);

        var line = Assert.Single(site.Logs.GetSnapshot(), l => l.Id.Id == 7001);
        Assert.Equal("ada asked the dashboard of BlogContext to invalidate all: done.", line.Message);
    }

    [Fact]
    public async Task Whoever_opens_it_deliberately_has_it_open()
    {
        await using var site = await Site.StartAsync("Production", secure: e => e.AllowAnonymous());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(site, "api/state", null));
    }

    [Fact]
    [Feature("U-41-admin")]
    public async Task What_another_site_makes_a_browser_send_changes_nothing()
    {
        await using var site = await Site.StartAsync();
        var own = site.Page.GetLeftPart(UriPartial.Authority);
        await site.ReadAsync(db => db.Posts.Cacheable().CountAsync());
        var body = new { target = "all" };
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, header: null)).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, header: "0")).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, contentType: "text/plain")).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, contentType: "application/x-www-form-urlencoded")).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, origin: "https://evil.example")).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, origin: "null")).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, fetchSite: "cross-site")).Status);
        Assert.Equal(403, (await site.PostAsync("api/invalidate", body, fetchSite: "same-site")).Status);
        Assert.Equal(
            CacheOutcome.L1Hit,
            (await site.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Outcome);
        Assert.DoesNotContain(site.Logs.GetSnapshot(), l => l.Id.Id == 7001);

        Assert.Equal(200, (await site.PostAsync("api/invalidate", body, origin: own, fetchSite: "same-origin")).Status);
        Assert.Equal(
            CacheOutcome.Miss,
            (await site.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Outcome);
        using var get = await site.Http.GetAsync(new Uri("api/invalidate", UriKind.Relative));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
    }

    [Fact]
    public async Task Requests_that_are_none_are_refused_and_a_page_that_only_shows_does_nothing()
    {
        await using var site = await Site.StartAsync();
        Assert.Equal(400, (await site.PostAsync("api/invalidate", "no object")).Status);
        Assert.Equal(400, (await site.PostAsync("api/invalidate", new { target = "moon" })).Status);
        Assert.Equal(400, (await site.PostAsync("api/invalidate", new { target = "tag" })).Status);
        Assert.Equal(404, (await site.PostAsync("api/invalidate", new { target = "entity", name = "Nothing" })).Status);
        Assert.Equal(404, (await site.PostAsync("api/pause", new { group = "nobody's" })).Status);
        Assert.Equal(400, (await site.PostAsync("api/skip", new { group = "g" })).Status);
        Assert.Equal(404, (await site.PostAsync("api/retry", new { group = "g", seq = 5 })).Status);
        Assert.Equal(404, (await site.PostAsync("api/invalidate", new { target = "all", context = "Nobody" })).Status);
        Assert.InRange((await site.PostAsync("api/invalidate", new { target = "tag", name = new string('x', 40_000) })).Status, 400, 413);

        await using var still = await Site.StartAsync(dashboard: o => o.AllowActions = false, connectionString: site.ConnectionString);
        var (status, answer) = await still.PostAsync("api/invalidate", new { target = "all" });
        Assert.Equal(403, status);
        Assert.Contains("AllowActions", answer.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(Site site, string path, string? user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (user is not null)
        {
            request.Headers.Add(HeaderAuthentication.Header, user);
        }

        using var answer = await site.Http.SendAsync(request);
        return answer.StatusCode;
    }
}
