using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Invalidation;

/// <summary>
/// A handler of <c>post_updated</c> that ends what its author thinks the change concerns. The results are declared to depend on nothing, so nothing but
/// the handler ends them.
/// </summary>
public sealed class HandlerInvalidationTests : BlogDatabaseTests
{
    private static readonly string[] s_tags = ["post:1", "posts:1", "trending_posts", "user_feed:1", "post:2", "posts:2", "user_feed:2"];

    [Fact]
    [Feature("S6.1-invalidate-key")]
    public Task A_handler_invalidates_by_key()
        => EndsAsync(["post:1"], (post, cache, ct) => cache.InvalidateTagAsync($"post:{post.Id}", ct));

    [Fact]
    [Feature("S6.1-invalidate-owner")]
    public Task A_handler_invalidates_by_owner()
        => EndsAsync(["posts:1"], (post, cache, ct) => cache.InvalidateTagAsync($"posts:{post.AuthorId}", ct));

    [Fact]
    [Feature("S6.1-invalidate-global")]
    public Task A_handler_invalidates_a_tag_of_everybody()
        => EndsAsync(["trending_posts"], (_, cache, ct) => cache.InvalidateTagAsync("trending_posts", ct));

    [Fact]
    [Feature("S6.1-invalidate-feed")]
    public Task A_handler_invalidates_a_users_feed_and_more_at_once()
        => EndsAsync(
            ["user_feed:1", "post:1"],
            (post, cache, ct) => cache.InvalidateAsync(i => i.Tag($"user_feed:{post.AuthorId}").Tag($"post:{post.Id}"), ct));

    [Fact]
    public async Task In_a_handler_with_an_inbox_the_call_belongs_to_its_transaction()
    {
        var attempts = 0;
        var invalidated = new Gate();
        await using var node = await StartAsync(async (post, cache, ct) =>
        {
            await cache.InvalidateTagAsync($"post:{post.Id}", ct);
            if (Interlocked.Increment(ref attempts) == 1)
            {
                throw new InvalidOperationException("the first attempt fails, and its transaction with it");
            }

            await invalidated.PassAsync();
        }, h => h.WithInbox());
        await ReadAsync(node, "post:1");
        await ChangeAsync();
        await invalidated.Arrived;
        Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await ReadAsync(node, "post:1"));
        invalidated.Open();
        await Eventually.Until(async () => (await ReadAsync(node, "post:1")).Value == "changed");
    }

    private async Task EndsAsync(string[] ended, Func<Post, IStateCache, CancellationToken, Task> invalidate)
    {
        await using var a = await StartAsync(invalidate);
        await using var b = await Node.StartAsync(ConnectionString);
        foreach (var node in (Node[])[a, b])
        {
            foreach (var tag in s_tags)
            {
                await ReadAsync(node, tag);
                Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await ReadAsync(node, tag));
            }
        }

        await ChangeAsync();
        foreach (var node in (Node[])[a, b])
        {
            foreach (var tag in ended)
            {
                await Eventually.Until(async () => (await ReadAsync(node, tag)).Value == "changed");
            }

            foreach (var tag in s_tags.Except(ended))
            {
                Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await ReadAsync(node, tag));
            }
        }
    }

    private async Task<Node> StartAsync(Func<Post, IStateCache, CancellationToken, Task> invalidate, Action<EventHandlerBuilder<Post>>? configure = null)
    {
        var node = await Node.StartAsync(ConnectionString, state: s => s
            .OnEvent<Post>("post_updated", (change, context, ct) => invalidate(change.Entity!, context.Cache, ct), configure ?? (_ => { })));
        await Eventually.Until(() => node.Logs.GetSnapshot().Any(r => r.Id.Id == FraiseQLStateEventId.HandlersTaken));
        return node;
    }

    private Task ChangeAsync() => Seed.ExecuteAsync(ConnectionString, "update \"Posts\" set \"Title\" = 'changed' where \"Id\" = 1");

    private static Task<(string Value, CacheOutcome Outcome)> ReadAsync(Node node, string tag)
        => node.ReadAsync(db => db.Posts.Where(x => x.Id == 1).Select(x => x.Title).Cacheable(o => o.Ttl(TimeSpan.FromHours(1)).UntilExpired().Tags(tag)).SingleAsync());
}
