using FraiseQL.EfCore.State;

namespace BlogApp.Tests;

/// <summary>What those who run the blog look at.</summary>
public sealed class OperationTests(BlogWorld world) : IClassFixture<BlogWorld>
{
    [Fact]
    [Feature("S1.5-hit-rate")]
    public async Task The_first_visitor_of_a_new_node_is_answered_from_memory()
    {
        await using var node = await BlogNode.StartAsync(world.ConnectionString);
        await Eventually.Until(() => node.Warmups.All(w => w.State == WarmupState.Done), TimeSpan.FromSeconds(30));

        Assert.Equal(["Feed", "Trending"], node.Warmups.Select(w => w.Name).Order());
        Assert.Equal("l1", (await node.GetAsync("posts")).Cache);
        Assert.Equal("l1", (await node.GetAsync("posts/trending")).Cache);
    }

    [Fact]
    [Feature("S7.2-listen")]
    public async Task A_node_says_that_it_is_well_and_stays_in_service_when_it_may_not_trust_its_cache()
    {
        await Eventually.For(() => AskAsync("ready"), answer => answer == (200, "Healthy"));
        Assert.Equal((200, "Healthy"), await AskAsync("live"));

        await world.SqlAsync("ALTER TABLE comments DISABLE TRIGGER USER");
        try
        {
            await Eventually.For(() => AskAsync("ready"), answer => answer == (200, "Degraded"));
        }
        finally
        {
            await world.SqlAsync("ALTER TABLE comments ENABLE TRIGGER USER");
        }

        await Eventually.For(() => AskAsync("ready"), answer => answer == (200, "Healthy"));
    }

    private async Task<(int Status, string Text)> AskAsync(string which)
    {
        using var response = await world.Node.Http.GetAsync(new Uri(world.Node.Address, "/health/" + which));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
