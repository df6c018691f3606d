using StackExchange.Redis;

namespace BlogApp.Tests;

public sealed class CacheHeaderTests(BlogWorld world) : IClassFixture<BlogWorld>
{
    [Fact]
    [Feature("S1.4-recache")]
    public async Task The_second_read_is_answered_from_memory()
    {
        var path = $"posts/{await world.IdAsync("post-10")}";
        await world.Node.WarmAsync("posts"); // the listener follows the log

        var replies = new[] { await world.Node.GetAsync(path), await world.Node.GetAsync(path), await world.Node.GetAsync(path) };

        Assert.Equal(["miss", "l1", "l1"], replies.Select(r => r.Cache));
    }

    [Theory]
    [InlineData("posts")]
    [InlineData("posts?page=2")]
    [InlineData("posts/trending")]
    [InlineData("authors")]
    [InlineData("tags")]
    [InlineData("tags/late/posts")]
    public async Task Every_list_is_cached(string path)
    {
        var warm = await world.Node.WarmAsync(path);
        Assert.Equal(200, warm.Status);
    }

    [Fact]
    public async Task A_write_and_an_error_are_no_cached_reads()
    {
        Assert.Equal("bypass", (await world.Node.PostAsync("posts", new { })).Cache);
        Assert.Equal("bypass", (await world.Node.GetAsync("nothing")).Cache);
    }

    [Fact]
    [Feature("S1.4-by-owner")]
    [Feature("S1.4-by-key")]
    public async Task An_edit_is_fresh_on_the_next_read_and_leaves_the_list_of_another_author_cached()
    {
        var id = await world.IdAsync("post-12"); // Bob's
        var bob = await world.SqlAsync("SELECT id FROM authors WHERE name = 'Bob'");
        var ann = await world.SqlAsync("SELECT id FROM authors WHERE name = 'Ann'");
        await world.Node.WarmAsync($"authors/{ann}/posts");
        await world.Node.WarmAsync($"authors/{bob}/posts");
        await world.Node.WarmAsync($"posts/{id}");

        await world.Node.PutAsync($"posts/{id}", new
        {
            slug = "post-12", channel = "main", title = "Edited", publishedOn = "2026-01-12", authors = new[] { "Bob" }, body = "New",
        });
        var post = await world.Node.GetAsync($"posts/{id}");
        var bobs = await world.Node.GetAsync($"authors/{bob}/posts");
        var anns = await world.Node.GetAsync($"authors/{ann}/posts");

        Assert.Equal("Edited", post["title"].GetString());
        Assert.Contains(bobs["posts"].GetProperty("items").EnumerateArray(), p => p.GetProperty("title").GetString() == "Edited");
        Assert.Equal("l1", anns.Cache);
    }

    [Fact]
    [Feature("S0-cdc-drives-all")]
    public async Task An_edit_by_another_program_becomes_fresh_by_itself()
    {
        var id = await world.IdAsync("post-14");
        await world.Node.WarmAsync($"posts/{id}");

        await world.SqlAsync($"UPDATE posts SET title = 'By another program' WHERE id = {id}");

        await Eventually.For(() => world.Node.GetAsync($"posts/{id}"), reply => reply["title"].GetString() == "By another program");
    }

    [Fact]
    public async Task A_comment_appears_on_the_next_read()
    {
        var id = await world.IdAsync("post-16");
        await world.Node.WarmAsync($"posts/{id}");

        await world.Node.PostAsync($"posts/{id}/comments", new { name = "Ann", text = "First" });

        Assert.Equal(1, (await world.Node.GetAsync($"posts/{id}"))["comments"].GetArrayLength());
    }

    [Fact]
    [Feature("S1.1-l2-shared")]
    public async Task A_second_node_finds_in_Redis_what_the_first_one_read_and_both_see_an_edit_through_the_other()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await BlogWorld.SeedAsync(database);
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var a = await BlogNode.StartAsync(database, redis.ConnectionString);
        await using var b = await BlogNode.StartAsync(database, redis.ConnectionString);
        await a.WarmAsync("tags");
        await b.WarmAsync("authors");

        // A read of Redis has a time limit, after which the database answers: on a busy machine the first post may not make it.
        var id = (int)(await BlogWorld.SqlAsync(database, "SELECT id FROM posts WHERE slug = 'post-20'"))!;
        var shared = id - 10;
        await using var admin = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var first = await Eventually.For(
            async () =>
            {
                // The post and its comments are written in the background.
                var before = await StoredAsync();
                await a.WarmAsync($"posts/{++shared}");
                await Eventually.Until(async () => await StoredAsync() >= before + 2, TimeSpan.FromSeconds(5));
                return await b.GetAsync($"posts/{shared}");
            },
            reply => reply.Cache == "l2");
        Assert.Equal(shared, first["id"].GetInt32());

        var path = $"posts/{id}";
        await a.WarmAsync(path);
        await b.WarmAsync(path);
        await b.PutAsync(path, new
        {
            slug = "post-20", channel = "main", title = "Through B", publishedOn = "2026-01-20", authors = new[] { "Bob" }, body = "New",
        });

        Assert.Equal("Through B", (await b.GetAsync(path))["title"].GetString());
        await Eventually.For(() => a.GetAsync(path), reply => reply["title"].GetString() == "Through B");

        async Task<long> StoredAsync() => (long)await admin.GetDatabase().ExecuteAsync("DBSIZE");
    }
}
