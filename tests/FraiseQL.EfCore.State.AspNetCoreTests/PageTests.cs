using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Playwright;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

/// <summary>The page in a real browser, with the figures of a real run. Screenshots lie in <c>artifacts/screenshots</c> afterwards.</summary>
public sealed class PageTests : IAsyncLifetime
{
    private readonly List<string> _errors = [];
    private readonly List<Task> _running = [];
    private volatile bool _isOver;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;
    private Site _site = null!;

    public async Task InitializeAsync()
    {
        _site = await Site.StartAsync(
            redis: (await RedisServer.StartPrivateAsync()).ConnectionString,
            options: o => o.Consistency.CheckRate = 0.2,
            services: b => b.Services.AddHealthChecks().AddCheck("fraiseql-cache", () => HealthCheckResult.Healthy("12 entries"))
                .AddCheck("fraiseql-capture", () => HealthCheckResult.Degraded("the backlog is 1 204 events")),
            state: s => s.AddWarmup("Front page", (BlogContext db) => db.Posts.OrderByDescending(p => p.Views).Take(5).Cacheable(o => o.Named("Trending"))),
            pathBase: "/blog");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium.Find(),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        });
    }

    public async Task DisposeAsync()
    {
        _isOver = true;
        await Task.WhenAll(_running);
        await _browser.DisposeAsync();
        _playwright.Dispose();
        await _site.DisposeAsync();
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task Every_panel_shows_the_run_on_a_desktop_in_the_dark_and_on_a_phone()
    {
        _running.Add(Task.Run(TrafficAsync));
        var page = await OpenAsync(1440, 1000, ColorScheme.Light);
        await ParkAsync(3);
        await page.Locator(".ranges button[data-minutes='1']").ClickAsync();

        // A line with figures in each plot: rates, times, changes, lag, backlog, dead letters, bytes, entries, L2, checks.
        foreach (var title in (string[])["Hit rate", "Requests per second", "Latency, median and p99", "Changes per second", "Listener lag",
            "Backlog", "Dead letters", "Memory of L1", "Entries in L1", "L2 operations per second", "Consistency"])
        {
            var chart = page.Locator(".chart", new() { Has = page.Locator($"h2 >> text='{title}'") });
            await Assertions.Expect(chart.Locator("path").First).ToBeAttachedAsync(new() { Timeout = 30_000 });
            await Assertions.Expect(chart.Locator(".none")).ToBeHiddenAsync();
            await Assertions.Expect(chart.Locator(".plot text").First).ToBeAttachedAsync();
            await Eventually.Until(async () => (await chart.Locator(".legend b").AllInnerTextsAsync()).Any(v => v.Any(char.IsAsciiDigit)));
        }

        foreach (var tile in (string[])["hit", "requests", "lag", "waiting", "parked", "memory"])
        {
            await Assertions.Expect(page.Locator($"#tile-{tile} .value")).ToContainTextAsync(new System.Text.RegularExpressions.Regex("[0-9]"), new() { Timeout = 30_000 });
        }

        await Assertions.Expect(page.Locator("#tile-parked .value")).ToHaveTextAsync("3", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#letters-body tr")).ToHaveCountAsync(3, new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#groups-body tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("#checks li")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("#warmups li")).ToHaveCountAsync(1);
        await Eventually.Until(async () => await page.Locator("#feed li").CountAsync() >= 5);
        await Eventually.Until(async () => await page.Locator("#queries-body tr").CountAsync() >= 4);

        // Enough of the run to be worth looking at.
        await Eventually.Until(
            async () => await page.Locator(".chart svg").First.GetAttributeAsync("aria-valuemax") is { } last && int.Parse(last, CultureInfo.InvariantCulture) >= 15,
            TimeSpan.FromSeconds(60));
        await ShootAsync(page, "dashboard-desktop");
        await ShootAsync(page, "dashboard", fullPage: false);
        var dark = await OpenAsync(1440, 1000, ColorScheme.Dark);
        await dark.Locator(".ranges button[data-minutes='1']").ClickAsync();
        var phone = await OpenAsync(390, 844, ColorScheme.Light);
        await phone.Locator(".ranges button[data-minutes='1']").ClickAsync();
        foreach (var shown in (IPage[])[dark, phone])
        {
            await Assertions.Expect(shown.Locator(".chart path").First).ToBeAttachedAsync(new() { Timeout = 30_000 });
            await Eventually.Until(async () => await shown.Locator("#feed li").CountAsync() >= 5);
            await Assertions.Expect(shown.Locator("#letters-body tr")).ToHaveCountAsync(3, new() { Timeout = 30_000 });
        }

        Assert.NotEqual(await BackgroundAsync(page), await BackgroundAsync(dark));
        await ShootAsync(dark, "dashboard-dark");
        await ShootAsync(phone, "dashboard-phone");
        await ShootAsync(phone, "dashboard-phone-top", fullPage: false);
        await phone.EvaluateAsync("document.getElementById('queries').scrollIntoView()");
        await ShootAsync(phone, "dashboard-phone-queries", fullPage: false);
        foreach (var width in (int[])[390, 768, 1024, 1440, 2200])
        {
            await phone.SetViewportSizeAsync(width, 844);
            Assert.True(
                await phone.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
                $"at {width} pixels the page scrolls sideways");
        }

        Assert.Empty(_errors);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task Queries_are_sorted_and_explained_and_plots_are_read_with_the_keyboard()
    {
        for (var i = 0; i < 25; i++)
        {
            await Queries(i);
        }

        var page = await OpenAsync(1440, 1000, ColorScheme.Light);
        await Assertions.Expect(page.Locator("#queries-body tr").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await page.Locator("#queries-head button", new() { HasText = "Query" }).ClickAsync();
        await Assertions.Expect(page.Locator("#queries-head th").First).ToHaveAttributeAsync("aria-sort", "ascending");
        await Eventually.Until(async () =>
        {
            var names = (await page.Locator("#queries-body .name").AllInnerTextsAsync()).Select(n => n.ToLowerInvariant()).ToArray();
            return names.Length >= 4 && names.SequenceEqual(names.Order(StringComparer.Ordinal));
        });
        await page.Locator("#queries-head button", new() { HasText = "Misses" }).ClickAsync();
        await Eventually.Until(async () =>
        {
            var misses = (await page.Locator("#queries-body td[data-label=Misses]").AllInnerTextsAsync()).Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
            return misses.SequenceEqual(misses.OrderDescending());
        });

        await page.Locator("#queries-body tr", new() { HasText = "PostsOfAuthor" }).Locator("button").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#drawer-title")).ToHaveTextAsync("PostsOfAuthor");
        await Assertions.Expect(page.Locator("#explain")).ToContainTextAsync("public.Posts where AuthorId = ");
        await Assertions.Expect(page.Locator("#advice")).ToContainTextAsync("TTL 5 min");
        await Assertions.Expect(page.Locator("#drawer pre")).ToContainTextAsync("SELECT p.\"Id\"");
        await ShootAsync(page, "dashboard-explain", fullPage: false);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("#drawer")).ToBeHiddenAsync();

        var plot = page.Locator(".chart svg").Nth(7);
        await Eventually.Until(async () => await plot.Locator("path").CountAsync() > 0 && await plot.GetAttributeAsync("aria-valuemax") is not ("0" or "1" or "2"));
        await plot.FocusAsync();
        await page.Keyboard.PressAsync("Home");
        var first = await plot.GetAttributeAsync("aria-valuetext");
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("1", await plot.GetAttributeAsync("aria-valuenow"));
        await page.Keyboard.PressAsync("End");
        Assert.NotEqual(first, await plot.GetAttributeAsync("aria-valuetext"));
        Assert.Equal(1, await plot.Locator(".cursor").CountAsync());
        Assert.Empty(_errors);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    [Feature("U-41-admin")]
    public async Task Invalidating_pausing_and_retrying_are_confirmed_and_happen()
    {
        await ParkAsync(1);
        var page = await OpenAsync(1440, 1000, ColorScheme.Light);
        await page.ClickAsync("#invalidate");
        await page.SelectOptionAsync("#ask-target", "query");
        await page.FillAsync("#ask-name", "PostsOfAuthor");
        await ShootAsync(page, "dashboard-invalidate", fullPage: false);
        await Eventually.Until(async () => await PostsAsync(1) == CacheOutcome.L1Hit);
        await page.ClickAsync("#ask-go");
        await Assertions.Expect(page.Locator("#toast")).ToContainTextAsync("have ended, on every node");
        Assert.Equal(CacheOutcome.Miss, await PostsAsync(1));

        await page.Locator("#groups-body button", new() { HasText = "Pause" }).ClickAsync(new() { Timeout = 30_000 });
        await page.ClickAsync("#ask-go");
        await Assertions.Expect(page.Locator("#groups-body .chip")).ToHaveTextAsync("paused", new() { Timeout = 30_000 });
        await page.Locator("#groups-body button", new() { HasText = "Resume" }).ClickAsync();
        await page.ClickAsync("#ask-go");
        await Assertions.Expect(page.Locator("#groups-body .chip")).ToHaveCountAsync(0, new() { Timeout = 30_000 });

        _site.HandlersFail = false;
        await page.Locator("#letters-body button", new() { HasText = "Retry" }).ClickAsync(new() { Timeout = 30_000 });
        await page.ClickAsync("#ask-go");
        await Assertions.Expect(page.Locator("#letters-empty")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#letters-empty")).ToContainTextAsync("No event is parked");
        Assert.Empty(_errors);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task Hostile_names_are_text()
    {
        const string Hostile = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script>";
        await _site.ReadAsync(db => db.Posts.Cacheable(o => o.Named(Hostile).Tags(Hostile)).CountAsync());
        await _site.ReadAsync(db => db.Tags.TagWith(Hostile).Cacheable().CountAsync());
        var page = await OpenAsync(1440, 1000, ColorScheme.Light);
        await Assertions.Expect(page.Locator("#queries-body .name", new() { HasText = "<img src=x" })).ToHaveCountAsync(2, new() { Timeout = 30_000 });
        await page.Locator("#queries-body .name", new() { HasText = "<img src=x" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("#drawer-title")).ToHaveTextAsync(Hostile);
        Assert.Equal(0, await page.Locator("main img, main script, dialog img, dialog script").CountAsync());
        Assert.True(await page.EvaluateAsync<bool>("window.hit === undefined"));
        Assert.Empty(_errors);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task Before_the_first_figures_and_without_the_application_the_page_says_so()
    {
        await using var site = await Site.StartAsync();
        var page = await OpenAsync(1440, 1000, ColorScheme.Light, site);
        await Assertions.Expect(page.Locator("#letters-empty")).ToContainTextAsync("No event is parked", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#feed-empty")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".chart", new() { HasText = "L2 operations" }).Locator(".none")).ToContainTextAsync("There is no shared level");
        await Assertions.Expect(page.Locator(".chart", new() { HasText = "Consistency" }).Locator(".none")).ToContainTextAsync("CheckRate", new() { Timeout = 30_000 });
        Assert.True(await page.Locator("#health").IsHiddenAsync());
        await ShootAsync(page, "dashboard-empty");
        Assert.Empty(_errors);

        await page.RouteAsync("**/api/**", route => route.AbortAsync());
        await Assertions.Expect(page.Locator("#banner")).ToContainTextAsync("does not answer", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#link")).ToHaveTextAsync("Offline");
        await page.UnrouteAsync("**/api/**");
        await Assertions.Expect(page.Locator("#link")).ToHaveTextAsync("Live", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#banner")).ToBeHiddenAsync();
    }

    private async Task<CacheOutcome> PostsAsync(int author)
        => (await _site.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).Cacheable(o => o.Named("PostsOfAuthor")).ToListAsync())).Outcome;

    private async Task Queries(int i)
    {
        await PostsAsync((i % 3) + 1);
        await _site.ReadAsync(db => db.Posts.Where(p => p.Id == i).Cacheable(o => o.Named("PostById")).ToListAsync());
        await _site.ReadAsync(db => db.Authors.Include(a => a.Posts).OrderBy(a => a.Name).Cacheable(TimeSpan.FromSeconds(2)).ToListAsync());
        await _site.ReadAsync(db => db.Comments.Where(c => c.PostId == i % 12).TagWith("Comments of a post").Cacheable().CountAsync());
    }

    /// <summary>Reads and writes as those of a small blog, until the test is over.</summary>
    private async Task TrafficAsync()
    {
        for (var i = 0; !_isOver; i++)
        {
            await Queries(i);
            for (var k = 0; k < 20; k++)
            {
                await PostsAsync((k % 3) + 1);
                await _site.ReadAsync(db => db.Posts.OrderByDescending(p => p.Views).Take(5).Cacheable(o => o.Named("Trending")).ToListAsync());
            }

            if (i % 5 == 0)
            {
                await _site.SqlAsync($"UPDATE \"Comments\" SET \"Text\" = 'edited {i}' WHERE \"Id\" = {(i % 12) + 1}");
                await _site.SqlAsync($"INSERT INTO \"Tags\" (\"Name\") VALUES ('tag {i}'); UPDATE \"Authors\" SET \"Name\" = \"Name\" || '.' WHERE \"Id\" = 4");
            }

            await Task.Delay(20);
        }
    }

    private async Task ParkAsync(int count)
    {
        _site.HandlersFail = true;
        await _site.SqlAsync($"UPDATE \"Posts\" SET \"Views\" = \"Views\" + 1 WHERE \"Id\" <= {count}");
        await Eventually.Until(async () => (await _site.GetAsync("api/deadletters")).GetProperty("total").GetInt64() == count);
    }

    private async Task<IPage> OpenAsync(int width, int height, ColorScheme scheme, Site? site = null)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            TimezoneId = "Europe/Paris",
        });
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => _errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !message.Text.Contains("net::ERR_FAILED", StringComparison.Ordinal))
            {
                _errors.Add(message.Text);
            }
        };
        await page.GotoAsync((site ?? _site).Page.ToString());
        await page.WaitForSelectorAsync("main[aria-busy=false]");
        return page;
    }

    private static Task<string> BackgroundAsync(IPage page) => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    private static Task ShootAsync(IPage page, string name, bool fullPage = true)
        => page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Repository.Screenshots, name + ".png"), FullPage = fullPage });
}
