using System.Net.Http.Headers;
using System.Text;

namespace BlogApp.Tests;

public sealed class ValidationTests(BlogWorld world) : IClassFixture<BlogWorld>
{
    private const string Good = """{"slug":"s","channel":"main","title":"T","publishedOn":"2026-01-01","authors":["Ann"],"body":"B"}""";

    public static TheoryData<string, string, string> Bad => new()
    {
        { "slug", "{}", "required" },
        { "title", "{}", "required" },
        { "body", "{}", "required" },
        { "authors", "{}", "at least one" },
        { "publishedOn", "{}", "required" },
        { "publishedOn", Good.Replace("2026-01-01", "01/02/2026", StringComparison.Ordinal), "date such as" },
        { "slug", Good.Replace("\"s\"", "\"a b\"", StringComparison.Ordinal), "spaces" },
        { "title", Good.Replace("\"T\"", $"\"{new string('x', 301)}\"", StringComparison.Ordinal), "at most 300" },
        { "authors[1]", Good.Replace("\"Ann\"", "\"Ann\", \" \"", StringComparison.Ordinal), "required" },
        { "body", Good.Replace("\"B\"", "\"a\\u0000b\"", StringComparison.Ordinal), "control" },
        { "tags[0]", Good.Replace("\"body\"", "\"tags\":[null],\"body\"", StringComparison.Ordinal), "required" },
        { "title", Good.Replace("\"T\"", "5", StringComparison.Ordinal), "wrong type" },
        { "body", "[", "JSON object" },
        { "body", "", "missing" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_wrong_post_is_refused_with_problem_details_that_name_the_field(string field, string json, string message)
    {
        var reply = await PostAsync("posts", json);

        Assert.Equal((400, "application/problem+json"), (reply.Status, reply.ContentType));
        Assert.Contains(message, reply.Errors(field), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", """{"text":"Hello"}""")]
    [InlineData("text", """{"name":"Ann","text":"  "}""")]
    public async Task A_wrong_comment_is_refused_with_the_field(string field, string json)
    {
        var reply = await PostAsync($"posts/{await world.IdAsync("post-1")}/comments", json);

        Assert.Equal(400, reply.Status);
        Assert.Contains("required", reply.Errors(field), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("posts?page=0")]
    [InlineData("posts?page=x")]
    [InlineData("tags/early/posts?page=99999999999")]
    public async Task A_wrong_page_number_is_refused_by_name(string path)
    {
        var reply = await world.Node.GetAsync(path);

        Assert.Equal(400, reply.Status);
        Assert.Contains("number", reply.Errors("page"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Markup_in_a_post_comes_back_as_it_was_sent()
    {
        var created = await PostAsync("posts", Good.Replace("\"B\"", "\"<script>alert(1)</script> 'x' \\\\ €\"", StringComparison.Ordinal));

        Assert.Equal("<script>alert(1)</script> 'x' \\ €", (await world.Node.GetAsync($"posts/{created["id"]}"))["body"].GetString());
    }

    private async Task<Reply> PostAsync(string path, string json)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await Reply.OfAsync(await world.Node.Http.PostAsync(path, content));
    }
}
