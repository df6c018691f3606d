using System.Text.Encodings.Web;
using System.Text.Json;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Tests.Dispatch;

[Feature("U-21-formats")]
public sealed class EventFormatTests
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData(EventFormat.FraiseQL)]
    [InlineData(EventFormat.Debezium)]
    [InlineData(EventFormat.CloudEvents)]
    public void An_event_has_the_same_text_as_ever(EventFormat format)
    {
        var text = string.Concat(Records().Select(record => Indented(EventJson.Write(record, format)) + "\n"));
        Approved.Match(text, $"events.{format}");
    }

    [Fact]
    public void A_format_that_does_not_exist_is_refused()
        => Assert.Throws<ArgumentOutOfRangeException>(() => EventJson.Write(Records().First(), (EventFormat)99));

    private static IEnumerable<EventRecord> Records()
    {
        var shape = new EventShape("post", ["id"], false, null, []);
        var at = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero).AddTicks(1_234_560);
        const string Row = """{"id": 789, "title": "a \"quoted\" ü <b>", "author_id": 2, "note": null}""";
        const string Context = """{"actor": "Ada", "tenant": "acme", "traceparent": "00-11111111111111111111111111111111-2222222222222222-01"}""";
        yield return new(new ChangeRecord(41, 7001, at, "Post", "public.posts", ChangeKind.Created, """{"id": 789}""", null, """{"id": 789, "author_id": 2}""", Row, Context), shape, "0badc0de");
        yield return new(
            new ChangeRecord(
                42, 7002, at, "Post", "public.posts", ChangeKind.Updated, """{"id": 789}""", """{"id": 789, "author_id": 1}""", """{"id": 789, "author_id": 2}""", Row, null,
                ["title", "author_id"]),
            shape, "0badc0de");
        yield return new(new ChangeRecord(43, 7003, at, "Post", "public.posts", ChangeKind.Deleted, """{"id": 789}""", """{"id": 789, "author_id": 2}""", null, null, null), shape, "0badc0de");
        yield return new(new ChangeRecord(44, 7004, at, "Post", "public.posts", ChangeKind.Truncated, null, null, null, null, null), shape, "0badc0de");
    }

    private static string Indented(string json)
    {
        using var document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement, Readable);
    }
}
