using Microsoft.Playwright;

namespace BlogApp.Tests;

/// <summary>The page in a real browser.</summary>
public sealed class PageTests(BlogWorld world) : IClassFixture<BlogWorld>, IAsyncLifetime
{
    private readonly List<string> _errors = [];
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;
    private IPage _page = null!;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium.Find(),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        });
        _page = await _browser.NewPageAsync();
        _page.PageError += (_, error) => _errors.Add(error);
    }

    public async Task DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    [Fact]
    public async Task The_page_shows_posts_and_updates_itself_when_another_program_edits_one()
    {
        var id = await world.IdAsync("post-30");
        await OpenAsync("/");
        var title = _page.Locator($"[data-post='{id}'] h2");
        Assert.Equal("Post 30", await title.InnerTextAsync());
        Assert.Equal(20, await _page.Locator(".card").CountAsync());

        await world.SqlAsync($"UPDATE posts SET title = 'Edited by psql <b>now</b>' WHERE id = {id}");

        await Assertions.Expect(title).ToHaveTextAsync("Edited by psql <b>now</b>", new() { Timeout = 30_000 });
        await Assertions.Expect(_page.Locator("#requests .badge").First).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("l1|l2|miss"));
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task A_half_written_comment_survives_an_update_and_is_then_posted()
    {
        var id = await world.IdAsync("post-9");
        await OpenAsync($"/posts/{id}");
        await _page.FillAsync("#f-name", "Grace");
        await _page.FillAsync("#f-text", "Half a thou");

        await world.SqlAsync($"UPDATE posts SET title = 'Meanwhile' WHERE id = {id}");
        await Assertions.Expect(_page.Locator("h1")).ToHaveTextAsync("Meanwhile", new() { Timeout = 30_000 });
        Assert.Equal("Half a thou", await _page.InputValueAsync("#f-text"));

        await _page.FillAsync("#f-text", "Half a thought, now whole");
        await _page.ClickAsync("#comment button");

        await Assertions.Expect(_page.Locator(".comments p")).ToHaveTextAsync("Half a thought, now whole");
        Assert.Equal("", await _page.InputValueAsync("#f-text"));
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task A_post_is_written_edited_and_deleted_and_a_wrong_field_says_why()
    {
        await OpenAsync("/new");
        await _page.FillAsync("#f-title", "Written in the browser");
        await _page.FillAsync("#f-authors", "Ann; Bob");
        await _page.FillAsync("#f-body", "## Heading\n\n[a link](https://example.org/) and `code` <img src=x onerror=alert(1)>");
        await _page.ClickAsync("button[type=submit]");
        await Assertions.Expect(_page.Locator("#e-slug")).ToContainTextAsync("required");
        await Assertions.Expect(_page.Locator("#f-slug")).ToHaveAttributeAsync("aria-invalid", "true");

        await _page.FillAsync("#f-slug", "in-the-browser");
        await _page.ClickAsync("button[type=submit]");
        await Assertions.Expect(_page.Locator("h1")).ToHaveTextAsync("Written in the browser");
        await Assertions.Expect(_page.Locator(".body a")).ToHaveAttributeAsync("href", "https://example.org/");
        Assert.Equal(0, await _page.Locator(".body img").CountAsync());

        await _page.ClickAsync("text=Edit");
        await Assertions.Expect(_page.Locator("h1")).ToHaveTextAsync("Edit post");
        await _page.FillAsync("#f-title", "Edited in the browser");
        await _page.ClickAsync("button[type=submit]");
        await Assertions.Expect(_page.Locator("h1")).ToHaveTextAsync("Edited in the browser");

        await _page.ClickAsync(".post button.danger");
        await _page.ClickAsync("dialog button.danger");
        await Assertions.Expect(_page.Locator("h1")).ToHaveTextAsync("Feed");
        Assert.Equal(0L, await world.SqlAsync("SELECT count(*) FROM posts WHERE slug = 'in-the-browser'"));
        Assert.Empty(_errors);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task The_load_button_shows_hit_rate_and_times_with_and_without_the_cache()
    {
        await OpenAsync("/load");
        await _page.SelectOptionAsync("#reads", "1000");
        await _page.ClickAsync("main button[type=submit]");

        await Assertions.Expect(_page.Locator(".figures dd").First).ToContainTextAsync("%", new() { Timeout = 60_000 });
        await Assertions.Expect(_page.Locator(".figures dd").Nth(2)).ToContainTextAsync("faster");
        Assert.NotEqual(0, await _page.Locator(".plot rect.cached").CountAsync());
        await Screenshots.TakeAsync(_page, "blog-load");
        Assert.Empty(_errors);
    }

    [Fact]
    [Feature("B-16-dashboard")]
    public async Task The_dashboard_is_a_link_away()
    {
        await OpenAsync("/");
        await _page.ClickAsync("header nav >> text=Dashboard");
        await Assertions.Expect(_page.GetByText("Trending").First).ToBeVisibleAsync();
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task The_feed_fits_a_phone_and_a_desktop()
    {
        await OpenAsync("/");
        await Screenshots.TakeAsync(_page, "blog-feed");
        Assert.Empty(_errors);
    }

    [Theory]
    [InlineData("/trending", "Trending")]
    [InlineData("/authors", "Authors")]
    [InlineData("/tags", "Tags")]
    [InlineData("/tags/early", "#early")]
    [InlineData("/page/2", "Feed")]
    [InlineData("/posts/999999", "Gone")]
    [InlineData("/nowhere", "Not found")]
    public async Task Every_address_has_its_view(string path, string heading)
    {
        await OpenAsync(path);
        Assert.Equal(heading, await _page.Locator("h1").InnerTextAsync());
        Assert.Empty(_errors);
    }

    /// <summary>Opens a view and waits until it is shown and told of changes.</summary>
    private async Task OpenAsync(string path)
    {
        await _page.GotoAsync($"{world.Node.Address}#{path}");
        await _page.WaitForSelectorAsync("main[aria-busy=false]");
        await _page.WaitForSelectorAsync(".live[data-state=on]");
    }
}
