using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

public sealed class ApiTests
{
    private static readonly string[] s_answers = ["api/state", "api/series", "api/queries", "api/deadletters"];

    [Fact]
    [Feature("U-41-admin")]
    [Feature("B-16-dashboard")]
    public async Task State_series_and_queries_agree_with_what_the_run_did()
    {
        await using var site = await Site.StartAsync(redis: (await RedisServer.SharedAsync()).ConnectionString, options: o => o.Consistency.CheckRate = 1);
        await site.GetAsync("api/series");
        for (var i = 0; i < 30; i++)
        {
            await site.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 1).Cacheable(o => o.Named("PostsOfAuthor")).ToListAsync());
        }

        await site.SqlAsync("UPDATE \"Posts\" SET \"Views\" = 99 WHERE \"AuthorId\" = 1");

        var query = await QueryAsync(site, "PostsOfAuthor", q => Number(q, "misses") >= 1 && Number(q, "l1Hits") == 29);
        Assert.Equal(30, Number(query, "requests"));
        Assert.Equal(29 / 30.0, query.GetProperty("hitRatio").GetDouble(), 6);
        Assert.Equal(1, Number(query, "entries"));
        Assert.Equal(4, Number(query, "rows"));
        Assert.InRange(Number(query, "bytes"), 100, 100_000);
        Assert.True(query.GetProperty("averageMiss").GetDouble() > 0);

        var state = await Eventually.For(() => site.GetAsync("api/state"), s => Number(s.GetProperty("listener"), "changes") >= 4);
        Assert.Equal("Blog", state.GetProperty("application").GetString());
        Assert.True(state.GetProperty("listener").GetProperty("connected").GetBoolean());
        Assert.True(Number(state.GetProperty("shared"), "reads") > 0);
        Assert.Equal(["Author", "Comment", "Document", "Post", "Tag"], state.GetProperty("entities").EnumerateArray().Select(e => e.GetString()).Where(e => e != "PostTag"));

        // Every second is told once, and together they tell what happened.
        var points = await Eventually.For(() => PointsAsync(site, 0), p => p.Sum(x => x["changes"] ?? 0) >= 3.5 && p.Count > 2);
        Assert.True(points.Sum(p => p["l1"] ?? 0) > 20, "hits are missing");
        Assert.All(points, p => Assert.NotNull(p["lag"]));
        Assert.Contains(points, p => p["missP50"] > 0 && p["missP99"] >= p["missP50"]);
        Assert.Contains(points, p => p["consistency"] == 1);
        Assert.Equal(points.Select(p => p["at"]).Distinct().Order(), points.Select(p => p["at"]));
        var later = await PointsAsync(site, (long)points[^1]["at"]!.Value);
        Assert.DoesNotContain(later, p => p["at"] <= points[^1]["at"]);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task EXPLAIN_says_what_a_query_depends_on_and_what_last_changed_that()
    {
        await using var site = await Site.StartAsync();
        await site.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 2 && p.Title != "planted constant").Cacheable(o => o.Named("Explained")).ToListAsync());
        await site.SqlAsync("UPDATE \"Posts\" SET \"Views\" = 1 WHERE \"AuthorId\" = 2");
        var id = (await QueryAsync(site, "Explained", _ => true)).GetProperty("id").GetString();

        var answer = await Eventually.For(
            () => site.GetAsync($"api/queries/{id}/explain"), a => a.GetProperty("lines").EnumerateArray().Any(l => l.GetProperty("name").GetString() == "last change"));

        var lines = answer.GetProperty("lines").EnumerateArray().ToLookup(l => l.GetProperty("name").GetString()!, l => l.GetProperty("value").GetString()!);
        Assert.Equal(["yes"], lines["cacheable"]);
        Assert.Contains(lines["depends on"], l => l.StartsWith("public.Posts where AuthorId = ", StringComparison.Ordinal));
        Assert.Contains(lines["last change"], l => l.StartsWith("an update of public.Posts at ", StringComparison.Ordinal));
        Assert.DoesNotContain("planted", answer.ToString(), StringComparison.Ordinal);
        Assert.Equal(404, (int)(await site.Http.GetAsync(new Uri("api/queries/nothing/explain", UriKind.Relative))).StatusCode);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task The_live_feed_tells_every_change_and_no_data_unless_asked()
    {
        await using var site = await Site.StartAsync();
        await using var open = await Site.StartAsync(dashboard: o => o.ShowPayloads = true, connectionString: site.ConnectionString);
        await using var closed = await Feed.OpenAsync(site);
        await using var shown = await Feed.OpenAsync(open);

        await site.SqlAsync("UPDATE \"Posts\" SET \"Title\" = 'planted title' WHERE \"Id\" = 3; DELETE FROM \"Comments\" WHERE \"Id\" = 1");

        var first = await closed.NextAsync();
        Assert.Equal("post_updated", first.GetProperty("type").GetString());
        Assert.Equal("Post", first.GetProperty("entity").GetString());
        Assert.Equal("Updated", first.GetProperty("kind").GetString());
        Assert.Equal(JsonValueKind.Null, first.GetProperty("payload").ValueKind);
        Assert.DoesNotContain("planted", first.ToString(), StringComparison.Ordinal);
        Assert.Equal("comment_deleted", (await closed.NextAsync()).GetProperty("type").GetString());
        var full = await shown.NextAsync();
        Assert.Contains("planted title", full.GetProperty("payload").GetString(), StringComparison.Ordinal);
        Assert.Equal("post-3", full.GetProperty("entityId").GetString());
        Assert.Equal(first.GetProperty("id").GetString(), full.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_flood_is_told_as_so_many_and_the_number_of_the_others()
    {
        await using var site = await Site.StartAsync();
        await using var feed = await Feed.OpenAsync(site);
        await site.SqlAsync("INSERT INTO \"Tags\" (\"Name\") SELECT 'tag ' || i FROM generate_series(1, 500) i");

        var (told, dropped) = await feed.CountAsync(500);

        Assert.Equal(500, told + dropped);
        Assert.InRange(told, 40, 200);
    }

    [Fact]
    [Feature("U-43-no-secrets-logs")]
    public async Task No_parameter_no_key_no_payload_and_no_address_is_in_any_answer()
    {
        const string Planted = "planted-7f3a";
        await using var site = await Site.StartAsync(redis: (await RedisServer.SharedAsync()).ConnectionString);
        site.HandlersFail = true;
        await using var feed = await Feed.OpenAsync(site);
        await site.ReadAsync(db => db.Posts.Where(p => p.Title == Planted).Cacheable().ToListAsync());
        await site.ReadAsync(db => db.Posts.FromSqlRaw($"SELECT * FROM \"Posts\" WHERE \"Title\" <> '{Planted}'").Cacheable(o => o.DependsOn<Post>()).ToListAsync());
        await site.ReadAsync(db => db.Documents.Where(d => d.Tenant == Planted + "x").Cacheable(o => o.Tags("documents")).CountAsync());
        await site.SqlAsync($"UPDATE \"Posts\" SET \"Title\" = '{Planted}' WHERE \"Id\" = 2");
        var letters = await Eventually.For(() => site.GetAsync("api/deadletters"), a => Number(a, "total") == 1);

        var texts = new List<string> { letters.ToString(), (await feed.NextAsync()).ToString() };
        foreach (var path in s_answers)
        {
            texts.Add((await site.GetAsync(path)).ToString());
        }

        foreach (var query in (await site.GetAsync("api/queries")).GetProperty("queries").EnumerateArray())
        {
            texts.Add((await site.GetAsync($"api/queries/{query.GetProperty("id").GetString()}/explain")).ToString());
        }

        Assert.Equal("System.InvalidOperationException", letters.GetProperty("letters")[0].GetProperty("error").GetString());
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(site.ConnectionString);
        Assert.All(texts, text =>
        {
            Assert.DoesNotContain(Planted, text, StringComparison.Ordinal);
            Assert.DoesNotContain(connection.Database!, text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Each_context_has_figures_of_its_own()
    {
        var archive = await PostgresServer.CreateSharedDatabaseAsync();
        await using var site = await Site.StartAsync(services: b =>
        {
            b.Services.AddDbContextFactory<ArchiveContext>(o => o.UseNpgsql(archive).UseFraiseQLState());
            b.Services.AddFraiseQLState<ArchiveContext>();
        });
        await using (var db = await site.Services.GetRequiredService<IDbContextFactory<ArchiveContext>>().CreateDbContextAsync())
        {
            await db.Database.EnsureCreatedAsync();
            await db.Volumes.Cacheable(o => o.Named("Volumes")).ToListAsync();
        }

        var state = await site.GetAsync("api/state?context=ArchiveContext");
        Assert.Equal(["BlogContext", "ArchiveContext"], state.GetProperty("contexts").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(["Volume"], state.GetProperty("entities").EnumerateArray().Select(c => c.GetString()));
        Assert.Contains("Volumes", (await site.GetAsync("api/queries?context=ArchiveContext")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Volumes", (await site.GetAsync("api/queries?context=BlogContext")).ToString(), StringComparison.Ordinal);
        Assert.Equal(404, (int)(await site.Http.GetAsync(new Uri("api/state?context=Nobody", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Checks_of_the_applications_health_are_shown_when_they_are_ours()
    {
        await using var site = await Site.StartAsync(services: b => b.Services.AddHealthChecks()
            .AddCheck("fraiseql", () => HealthCheckResult.Degraded("the backlog grows"), ["ready"])
            .AddCheck("disk", () => HealthCheckResult.Healthy()));
        var health = (await site.GetAsync("api/state")).GetProperty("health");
        Assert.Equal(1, health.GetArrayLength());
        Assert.Equal("Degraded", health[0].GetProperty("status").GetString());
        Assert.Equal("the backlog grows", health[0].GetProperty("description").GetString());
    }

    [Fact]
    public async Task Warm_ups_are_shown_with_what_became_of_them()
    {
        await using var site = await Site.StartAsync(state: s => s
            .AddWarmup("AllTags", (BlogContext db) => db.Tags.Cacheable())
            .AddWarmup("Broken", (BlogContext _, CancellationToken _) => throw new InvalidOperationException("planted message")));
        var state = await Eventually.For(
            () => site.GetAsync("api/state"),
            s => s.GetProperty("warmups").EnumerateArray().All(w => w.GetProperty("state").GetString() is "Done" or "Failed"));
        var warmups = state.GetProperty("warmups").EnumerateArray().ToDictionary(w => w.GetProperty("name").GetString()!, w => w.GetProperty("state").GetString());
        Assert.Equal(new Dictionary<string, string?> { ["AllTags"] = "Done", ["Broken"] = "Failed" }, warmups);
        Assert.DoesNotContain("planted message", state.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_is_found_under_a_path_base_and_its_files_need_nothing_else()
    {
        await using var site = await Site.StartAsync(pathBase: "/blog");
        using var bare = await site.Http.GetAsync(new Uri(site.Page.ToString().TrimEnd('/')));
        Assert.Equal(302, (int)bare.StatusCode);
        Assert.Equal(site.Page, new Uri(new Uri(site.Page.ToString().TrimEnd('/')), bare.Headers.Location!));

        using var page = await site.Http.GetAsync(site.Page);
        var html = await page.Content.ReadAsStringAsync();
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", await site.Http.GetStringAsync(new Uri("app.js", UriKind.Relative)), StringComparison.Ordinal);

        using var again = new HttpRequestMessage(HttpMethod.Get, site.Page);
        again.Headers.IfNoneMatch.Add(page.Headers.ETag!);
        Assert.Equal(304, (int)(await site.Http.SendAsync(again)).StatusCode);
    }

    [Fact]
    public async Task Without_state_there_is_nothing_to_map()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        var error = Assert.Throws<InvalidOperationException>(() => app.MapFraiseQLState());
        Assert.Contains("AddFraiseQLState", error.Message, StringComparison.Ordinal);
    }

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static async Task<JsonElement> QueryAsync(Site site, string name, Func<JsonElement, bool> accept)
        => await Eventually.For(
            async () => (await site.GetAsync("api/queries")).GetProperty("queries").EnumerateArray().Single(q => q.GetProperty("name").GetString() == name), accept);

    private static async Task<List<Dictionary<string, double?>>> PointsAsync(Site site, long after)
    {
        var answer = await site.GetAsync($"api/series?after={after}");
        var names = answer.GetProperty("names").EnumerateArray().Select(n => n.GetString()!).ToArray();
        return
        [
            .. answer.GetProperty("points").EnumerateArray().Select(p => p.EnumerateArray()
                .Select((v, i) => (names[i], Value: v.ValueKind == JsonValueKind.Null ? (double?)null : v.GetDouble()))
                .ToDictionary(x => x.Item1, x => x.Value)),
        ];
    }
}
