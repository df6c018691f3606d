using System.Net.ServerSentEvents;
using System.Text.Json;

namespace BlogApp.Tests;

public sealed class EventTests(BlogWorld world) : IClassFixture<BlogWorld>
{
    [Fact]
    public async Task Whoever_changes_a_post_its_tags_or_its_comments_a_page_is_told_which_post()
    {
        await using var events = await EventStream.OpenAsync(world.Node);
        var id = await world.IdAsync("post-2");

        await world.SqlAsync($"UPDATE posts SET title = 'New title' WHERE id = {id}");
        Assert.Equal((id, "post_updated"), await events.NextAsync());

        await world.Node.PostAsync($"posts/{id}/comments", new { name = "Ann", text = "Hello" });
        Assert.Equal((id, "comment_created"), await events.NextAsync());

        await world.SqlAsync($"DELETE FROM post_tags WHERE post_id = {id}");
        Assert.Equal((id, "post_tag_deleted"), await events.NextAsync());
    }

    [Fact]
    public async Task Pages_on_every_node_are_told_and_then_read_the_new_row()
    {
        await using var second = await BlogNode.StartAsync(world.ConnectionString);
        await using var onFirst = await EventStream.OpenAsync(world.Node);
        await using var onSecond = await EventStream.OpenAsync(second);
        var id = await world.IdAsync("post-4");
        await world.Node.WarmAsync($"posts/{id}");
        await second.WarmAsync($"posts/{id}");

        await world.SqlAsync($"UPDATE posts SET title = 'Told to all' WHERE id = {id}");

        foreach (var (node, events) in new[] { (world.Node, onFirst), (second, onSecond) })
        {
            Assert.Equal((id, "post_updated"), await events.NextAsync(id));
            Assert.Equal("Told to all", (await node.GetAsync($"posts/{id}"))["title"].GetString());
        }
    }

    [Fact]
    public async Task A_stopping_node_ends_its_streams()
    {
        await using var node = await BlogNode.StartAsync(world.ConnectionString);
        await using var events = await EventStream.OpenAsync(node);

        await node.StopAsync();

        Assert.Null(await events.NextOrEndAsync());
    }

    /// <summary>An open stream of server-sent events, past its greeting.</summary>
    private sealed class EventStream : IAsyncDisposable
    {
        private readonly Stream _stream;
        private readonly IAsyncEnumerator<SseItem<string>> _items;

        private EventStream(Stream stream)
        {
            _stream = stream;
            _items = SseParser.Create(stream).EnumerateAsync().GetAsyncEnumerator();
        }

        public static async Task<EventStream> OpenAsync(BlogNode node)
        {
            var events = new EventStream(await node.Http.GetStreamAsync("events"));
            Assert.Equal("hello", (await events.NextOrEndAsync())!.Value.EventType);
            return events;
        }

        /// <summary>The next change, or the next one of a post.</summary>
        public async Task<(int Id, string? Type)> NextAsync(int? of = null)
        {
            while (true)
            {
                var item = (await NextOrEndAsync())!.Value;
                var data = JsonElement.Parse(item.Data);
                if (item.EventType == "change" && (of is null || data.GetProperty("id").GetInt32() == of))
                {
                    return (data.GetProperty("id").GetInt32(), data.GetProperty("type").GetString());
                }
            }
        }

        public async Task<SseItem<string>?> NextOrEndAsync()
            => await _items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)) ? _items.Current : null;

        public async ValueTask DisposeAsync()
        {
            await _stream.DisposeAsync();
            try
            {
                await _items.DisposeAsync();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or NotSupportedException)
            {
                // The stream was closed while it was waited for.
            }
        }
    }
}
