using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

public sealed class ActionTests
{
    private const string Group = "handlers:BlogContext";

    [Theory]
    [InlineData("all", null)]
    [InlineData("tag", "front page")]
    [InlineData("entity", "Post")]
    [InlineData("query", "Front")]
    [Feature("U-41-admin")]
    public async Task Invalidating_ends_what_is_named_on_every_node_and_nothing_else(string target, string? name)
    {
        await using var site = await Site.StartAsync();
        await using var other = await Site.StartAsync(connectionString: site.ConnectionString);
        foreach (var node in (Site[])[site, other])
        {
            await FrontAsync(node);
            await AuthorsAsync(node);
            Assert.Equal((CacheOutcome.L1Hit, CacheOutcome.L1Hit), (await FrontAsync(node), await AuthorsAsync(node)));
        }

        var (status, answer) = await site.PostAsync("api/invalidate", new { target, name });

        Assert.Equal(200, status);
        Assert.True(answer.GetProperty("done").GetBoolean());
        Assert.Equal(CacheOutcome.Miss, await FrontAsync(site));
        Assert.Equal(target == "all" ? CacheOutcome.Miss : CacheOutcome.L1Hit, await AuthorsAsync(site));
        await Eventually.Until(async () => await FrontAsync(other) == CacheOutcome.Miss);
    }

    [Fact]
    [Feature("U-41-admin")]
    public async Task A_paused_group_handles_nothing_until_it_is_resumed_and_then_everything()
    {
        await using var site = await Site.StartAsync();
        var groups = site.Services.GetRequiredService<IHandlerGroups>();
        Assert.Equal(200, (await site.PostAsync("api/pause", new { group = Group }, user: "ada")).Status);
        Assert.Equal(404, (await site.PostAsync("api/pause", new { group = Group })).Status);
        await Eventually.Until(() => site.Logs.GetSnapshot().Any(l => l.Id.Id == FraiseQLStateEventId.HandlersPaused));
        await site.SqlAsync("UPDATE \"Posts\" SET \"Views\" = 1 WHERE \"Id\" = 1");
        await Eventually.Until(async () => (await groups.ListAsync()).Single(g => g.Name == Group) is { IsPaused: true, Node: null, Waiting: 1 });

        // A node that is started meanwhile leaves the group alone too. Its own handlers would be told of the same events.
        Assert.Empty(site.Handled);
        var shown = await Eventually.For(
            async () => (await site.GetAsync("api/state")).GetProperty("groups").EnumerateArray().Single(), g => g.GetProperty("waiting").GetInt64() == 1);
        Assert.True(shown.GetProperty("isPaused").GetBoolean());

        Assert.Equal(200, (await site.PostAsync("api/resume", new { group = Group })).Status);
        await Eventually.Until(() => site.Handled.Contains("post-1"));
        await Eventually.Until(async () => (await groups.ListAsync()).Single(g => g.Name == Group) is { IsPaused: false, Node: not null, Waiting: 0 });
        Assert.False(await groups.ResumeAsync(Group));
        Assert.Contains(site.Logs.GetSnapshot(), l => l.Message == $"ada asked the dashboard of BlogContext to pause {Group}: done.");
    }

    [Fact]
    [Feature("U-41-admin")]
    public async Task Dead_letters_are_retried_and_skipped()
    {
        await using var site = await Site.StartAsync();
        site.HandlersFail = true;
        await site.SqlAsync("UPDATE \"Posts\" SET \"Views\" = 2 WHERE \"Id\" IN (1, 2, 3)");
        var letters = await Eventually.For(() => site.GetAsync("api/deadletters"), a => a.GetProperty("total").GetInt64() == 3);
        var seqs = letters.GetProperty("letters").EnumerateArray().Select(l => l.GetProperty("seq").GetInt64()).ToArray();
        await Eventually.Until(async () => (await site.GetAsync("api/state")).GetProperty("groups")[0].GetProperty("parked").GetInt64() == 3);

        Assert.Equal(200, (await site.PostAsync("api/skip", new { group = Group, seq = seqs[0] })).Status);
        Assert.Equal(404, (await site.PostAsync("api/skip", new { group = Group, seq = seqs[0] })).Status);
        site.HandlersFail = false;
        Assert.Equal(200, (await site.PostAsync("api/retry", new { group = Group, seq = seqs[1] })).Status);
        await Eventually.Until(async () => (await site.GetAsync("api/deadletters")).GetProperty("total").GetInt64() == 1);
        Assert.Equal(200, (await site.PostAsync("api/retry", new { })).Status);
        await Eventually.Until(async () => (await site.GetAsync("api/deadletters")).GetProperty("total").GetInt64() == 0);
        Assert.Equal(["post-2", "post-3"], site.Handled.Order());
    }

    private static async Task<CacheOutcome> FrontAsync(Site site)
        => (await site.ReadAsync(db => db.Posts.OrderBy(p => p.Id).Take(5).Cacheable(o => o.Named("Front").Tags("front page")).ToListAsync())).Outcome;

    private static async Task<CacheOutcome> AuthorsAsync(Site site) => (await site.ReadAsync(db => db.Authors.Cacheable().ToListAsync())).Outcome;
}
