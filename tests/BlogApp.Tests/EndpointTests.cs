namespace BlogApp.Tests;

public sealed class EndpointTests(BlogWorld world) : IClassFixture<BlogWorld>
{
    private static object Post(string slug, string title = "A title", string author = "Eve") => new
    {
        slug,
        channel = "notes",
        title,
        publishedOn = "2025-06-01",
        authors = new[] { author, "Mallory" },
        tags = new[] { "made-here" },
        body = "# Hi",
    };

    [Fact]
    public async Task The_feed_shows_the_newest_posts_first_a_page_at_a_time()
    {
        var first = await world.Node.GetAsync("posts");
        var second = await world.Node.GetAsync("posts?page=2");

        Assert.Equal("Post 30", first["items"][0].GetProperty("title").GetString());
        Assert.Equal(20, first["items"].GetArrayLength());
        Assert.True(first["hasMore"].GetBoolean());
        Assert.False(second["hasMore"].GetBoolean());
        Assert.True(second["items"].GetArrayLength() >= 10);
        Assert.StartsWith("Text of", first["items"][0].GetProperty("excerpt").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_post_comes_with_its_authors_tags_and_comments()
    {
        var id = await world.IdAsync("post-7");
        Assert.Equal(201, (await world.Node.PostAsync($"posts/{id}/comments", new { name = " Zoë ", text = "Well said" })).Status);

        var post = await world.Node.GetAsync($"posts/{id}");

        Assert.Equal("Text of **7**", post["body"].GetString());
        Assert.Equal("Ann", post["authors"][0].GetString());
        Assert.Equal("late", post["tags"][0].GetString());
        Assert.Equal("Zoë", post["comments"][0].GetProperty("name").GetString());
        Assert.Equal("Well said", post["comments"][0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Posts_are_listed_by_author_and_by_tag()
    {
        var authors = await world.Node.GetAsync("authors");
        var ann = authors.Body.EnumerateArray().Single(a => a.GetProperty("name").GetString() == "Ann");
        var posts = await world.Node.GetAsync($"authors/{ann.GetProperty("id")}/posts");
        var tags = await world.Node.GetAsync("tags");
        var early = await world.Node.GetAsync("tags/early/posts");

        Assert.Equal(15, ann.GetProperty("posts").GetInt32());
        Assert.Equal("Ann", posts["name"].GetString());
        Assert.All(posts["posts"].GetProperty("items").EnumerateArray(), p => Assert.Equal("Ann", p.GetProperty("author").GetString()));
        Assert.Equal(5, tags.Body.EnumerateArray().Single(t => t.GetProperty("name").GetString() == "early").GetProperty("posts").GetInt32());
        Assert.Equal(5, early["posts"].GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task The_most_discussed_posts_are_trending()
    {
        var id = await world.IdAsync("post-3");
        for (var i = 0; i < 3; i++)
        {
            await world.Node.PostAsync($"posts/{id}/comments", new { name = "Ann", text = $"Comment {i}" });
        }

        var trending = await world.Node.GetAsync("posts/trending");

        Assert.Equal(10, trending.Body.GetArrayLength());
        Assert.Equal(id, trending.Body[0].GetProperty("id").GetInt32());
        Assert.Equal(3, trending.Body[0].GetProperty("comments").GetInt32());
    }

    [Fact]
    public async Task A_post_is_created_edited_and_deleted()
    {
        var created = await world.Node.PostAsync("posts", Post("life"));
        var id = created["id"].GetInt32();
        var path = $"posts/{id}";
        var before = await world.Node.GetAsync(path);

        var edited = await world.Node.PutAsync(path, Post("life-2", "Another title", "Frank"));
        var after = await world.Node.GetAsync(path);
        var deleted = await world.Node.DeleteAsync(path);
        var gone = await world.Node.GetAsync(path);

        Assert.Equal((201, 200, 204, 404), (created.Status, edited.Status, deleted.Status, gone.Status));
        Assert.Equal("A title", before["title"].GetString());
        Assert.Equal(["Eve", "Mallory"], before["authors"].EnumerateArray().Select(a => a.GetString()));
        Assert.Equal("Another title", after["title"].GetString());
        Assert.Equal("life-2", after["slug"].GetString());
        Assert.Equal("Frank", after["authors"][0].GetString());
        Assert.Equal("made-here", after["tags"][0].GetString());
        Assert.Equal("application/problem+json", gone.ContentType);
    }

    [Theory]
    [InlineData("posts/999999")]
    [InlineData("authors/999999/posts")]
    [InlineData("tags/no-such-tag/posts")]
    [InlineData("posts/x")]
    [InlineData("nothing")]
    public async Task What_does_not_exist_is_404_with_problem_details(string path)
    {
        var reply = await world.Node.GetAsync(path);
        Assert.Equal((404, "application/problem+json"), (reply.Status, reply.ContentType));
    }

    [Fact]
    public async Task Writing_to_a_post_that_does_not_exist_is_404()
    {
        Assert.Equal(404, (await world.Node.PutAsync("posts/999999", Post("nobody"))).Status);
        Assert.Equal(404, (await world.Node.DeleteAsync("posts/999999")).Status);
        Assert.Equal(404, (await world.Node.PostAsync("posts/999999/comments", new { name = "Ann", text = "Hello?" })).Status);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_a_conflict_that_names_the_slug()
    {
        await world.Node.PostAsync("posts", Post("twice"));
        var again = await world.Node.PostAsync("posts", Post("twice"));
        var other = (await world.Node.PostAsync("posts", Post("once")))["id"].GetInt32();
        var renamed = await world.Node.PutAsync($"posts/{other}", Post("twice"));

        Assert.Equal((409, 409), (again.Status, renamed.Status));
        Assert.Contains("taken", again.Errors("slug"), StringComparison.Ordinal);
        Assert.Contains("taken", renamed.Errors("slug"), StringComparison.Ordinal);
    }
}
