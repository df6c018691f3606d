using System.Text.Json;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

/// <summary>A reader of the page's server-sent events.</summary>
public sealed class Feed : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _reader;

    private Feed(HttpResponseMessage answer, StreamReader reader) => (_answer, _reader) = (answer, reader);

    /// <summary>Returns when the server has begun to watch: it says so after its first line.</summary>
    public static async Task<Feed> OpenAsync(Site site)
    {
        var answer = await site.Http.GetAsync(new Uri("api/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        var feed = new Feed(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
        while (await feed._reader.ReadLineAsync().WaitAsync(s_patience) is { } line && line != ": watching")
        {
        }

        return feed;
    }

    public async Task<JsonElement> NextAsync() => (await ReadAsync("change")).Data;

    /// <summary>How many were told and how many were not, when there are so many together.</summary>
    public async Task<(long Told, long Dropped)> CountAsync(long all)
    {
        var (told, dropped) = (0L, 0L);
        while (told + dropped < all)
        {
            var (name, data) = await ReadAsync(null);
            told += name == "change" ? 1 : 0;
            dropped += name == "dropped" ? data.GetProperty("count").GetInt64() : 0;
        }

        return (told, dropped);
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _answer.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(string Name, JsonElement Data)> ReadAsync(string? wanted)
    {
        var name = "";
        while (await _reader.ReadLineAsync().WaitAsync(s_patience) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && (wanted is null || name == wanted))
            {
                return (name, JsonSerializer.Deserialize<JsonElement>(line["data: ".Length..]));
            }
        }

        throw new EndOfStreamException();
    }
}
