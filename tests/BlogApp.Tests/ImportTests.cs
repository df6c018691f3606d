using System.Text;

namespace BlogApp.Tests;

public sealed class ImportTests
{
    private const string Two = """
        {"slug":"one","channel":"main","title":"One","publishedOn":"2026-01-01","authors":["Ann"],"body":"1"}
        {"slug":"two","channel":"main","title":"Two – “quoted” 𝄞","publishedOn":"2026-01-02","authors":["Ann","Bob"],"body":"2"}
        """;

    [Fact]
    public async Task A_bad_line_is_reported_with_its_number_and_reason_and_the_rest_is_imported()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var run = await CommandLine.ImportAsync(
            database,
            $$"""
            {"slug":"good","channel":"main","title":"Good","publishedOn":"2026-01-01","authors":["Ann"],"body":"1"}
            not json

            {"slug":"c","channel":"main","title":"C","publishedOn":"2026-13-01","authors":[],"body":"x"}
            {"slug":"d","channel":"main","title":"\ud800","publishedOn":"2026-01-01","authors":["Ann"],"body":"x"}
            {"slug":"e","channel":"main","title":["E"],"publishedOn":"2026-01-01","authors":["Ann"],"body":"x"}
            {"slug":"f","channel":"main","title":"{{new string('x', 400)}}","publishedOn":"2026-01-01","authors":["Ann"],"body":"x"}
            null
            {"slug":"last","channel":"main","title":"Last","publishedOn":"2026-01-01","authors":["Ann"],"body":"1"}
            """);

        Assert.Equal(Cli.SomeLinesBad, run.ExitCode);
        Assert.Contains("line 2: is not a JSON object", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 4: 'authors' needs at least one name. 'publishedOn' must be a date", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 5: 'title'", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 6: 'title' has the wrong type", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 7: 'title' may have at most 300 characters", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 8: is not a JSON object", run.Error, StringComparison.Ordinal);
        Assert.Contains("2 added, 0 updated, 0 unchanged, 6 bad lines", run.Output, StringComparison.Ordinal);
        Assert.Equal("good last", await BlogWorld.SqlAsync(database, "SELECT string_agg(slug, ' ' ORDER BY id) FROM posts"));
    }

    [Fact]
    public async Task Importing_twice_changes_nothing_and_leaves_no_event()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var first = await CommandLine.ImportAsync(database, Two);
        var events = await EventsAsync(database);

        var second = await CommandLine.ImportAsync(database, Two);

        Assert.Contains("2 added", first.Output, StringComparison.Ordinal);
        Assert.Contains("0 added, 0 updated, 2 unchanged, 0 bad lines", second.Output, StringComparison.Ordinal);
        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.True(events >= 2);
        Assert.Equal(events, await EventsAsync(database));
    }

    [Fact]
    public async Task A_line_that_differs_from_what_is_stored_updates_it_and_only_it()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await CommandLine.ImportAsync(database, Two);
        var events = await EventsAsync(database);

        var run = await CommandLine.ImportAsync(database, Two.Replace("\"One\"", "\"Uno\"", StringComparison.Ordinal));

        Assert.Contains("0 added, 1 updated, 1 unchanged", run.Output, StringComparison.Ordinal);
        Assert.Equal(events + 1, await EventsAsync(database));
        Assert.Equal("Uno", await BlogWorld.SqlAsync(database, "SELECT title FROM posts WHERE slug = 'one'"));
    }

    [Fact]
    public async Task The_same_post_twice_in_one_file_is_one_post()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var run = await CommandLine.ImportAsync(database, Two + "\n" + Two.Replace("\"Two ", "\"Zwei ", StringComparison.Ordinal));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(2L, await BlogWorld.SqlAsync(database, "SELECT count(*) FROM posts"));
        Assert.Equal("Zwei – “quoted” 𝄞", await BlogWorld.SqlAsync(database, "SELECT title FROM posts WHERE slug = 'two'"));
    }

    [Fact]
    public async Task A_file_with_a_byte_order_mark_Windows_line_ends_a_huge_line_and_bytes_that_are_no_text_is_read()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        byte[] content =
        [
            .. Encoding.UTF8.Preamble,
            .. Encoding.UTF8.GetBytes(Two.ReplaceLineEndings("\r\n") + "\r\n"),
            .. Enumerable.Repeat((byte)' ', 9 * 1024 * 1024), (byte)'\n',
            .. "{\"slug\":\""u8, 0xFF, .. "\"}\n"u8,
            .. Enumerable.Repeat((byte)'x', 9 * 1024 * 1024),
        ];
        var run = await CommandLine.ImportAsync(database, content);

        Assert.Contains("2 added, 0 updated, 0 unchanged, 3 bad lines", run.Output, StringComparison.Ordinal);
        Assert.Contains("line 3: is longer than 8 MiB", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 4: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 5: is longer than 8 MiB", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_is_plain_lines_when_nobody_watches()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var run = await CommandLine.RunAsync("seed", "450", $"--ConnectionStrings:Blog={database}");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("450 added", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', run.Error.ReplaceLineEndings("\n"));
        Assert.Contains("100 %  450 posts", run.Error, StringComparison.Ordinal);
        Assert.Equal(3, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Generated_posts_are_the_same_every_time_and_all_good()
    {
        var first = await CommandLine.RunAsync("seed", "300", "--print");
        var second = await CommandLine.RunAsync("seed", "300", "--print");
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var import = await CommandLine.ImportAsync(database, first.Output);

        Assert.Equal(first.Output, second.Output);
        Assert.Contains("300 added, 0 updated, 0 unchanged, 0 bad lines", import.Output, StringComparison.Ordinal);
        Assert.True((long)(await BlogWorld.SqlAsync(database, "SELECT count(DISTINCT author_id) FROM posts"))! > 10);
    }

    [Fact]
    public async Task Two_imports_at_once_lose_nothing()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await CommandLine.ImportAsync(database, "");
        var lines = (await CommandLine.RunAsync("seed", "250", "--print")).Output;

        var runs = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => CommandLine.ImportAsync(database, lines))));
        var last = await CommandLine.ImportAsync(database, lines);

        Assert.Equal(250L, await BlogWorld.SqlAsync(database, "SELECT count(*) FROM posts"));
        Assert.Contains("0 added, 0 updated, 250 unchanged, 0 bad lines", last.Output, StringComparison.Ordinal);
        Assert.All(runs, run => Assert.Equal("", string.Join('\n', run.Error.Split('\n').Where(l => l.Contains("line ", StringComparison.Ordinal)))));
    }

    private static async Task<long> EventsAsync(string database)
        => (long)(await BlogWorld.SqlAsync(database, "SELECT count(*) FROM fraiseql.change_event"))!;
}
