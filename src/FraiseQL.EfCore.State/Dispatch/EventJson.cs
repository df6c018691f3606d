using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Writes one event as JSON text, in each of the forms. Thread-safe, as long as the event is read by one thread.</summary>
internal static class EventJson
{
    // Nothing here goes into HTML: text stays as readable as it was logged.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(EventRecord record, EventFormat format)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        Write(record, format, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void Write(EventRecord record, EventFormat format, IBufferWriter<byte> buffer)
    {
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        switch (format)
        {
            case EventFormat.FraiseQL:
                WriteOwn(json, record);
                break;
            case EventFormat.Debezium:
                WriteDebezium(json, record);
                break;
            case EventFormat.CloudEvents:
                WriteCloudEvent(json, record);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, null);
        }

        json.WriteEndObject();
    }

    private static void WriteOwn(Utf8JsonWriter json, EventRecord record)
    {
        json.WriteString("id", record.Id);
        json.WriteString("type", record.Type);
        json.WriteString("entity_type", record.Change.Entity);
        json.WriteString("entity_id", record.EntityId);
        json.WriteString("timestamp", Iso(record));
        json.WriteNumber("seq", record.Change.Seq);
        WriteElement(json, "payload", record.Payload);
        if (record.Changes.Count > 0)
        {
            json.WriteStartObject("changes");
            foreach (var (column, change) in record.Changes)
            {
                json.WriteStartObject(column);
                WriteKnown(json, "old", change.Old);
                WriteKnown(json, "new", change.New);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        foreach (var name in (ReadOnlySpan<string>)["tenant", "actor", "actor_type", "acting_for", "origin", "traceparent"])
        {
            if (record.ContextText(name) is { } text)
            {
                json.WriteString(name, text);
            }
        }
    }

    private static void WriteDebezium(Utf8JsonWriter json, EventRecord record)
    {
        var change = record.Change;
        WriteOrNull(json, "before", change.Before is null ? null : record.Before);
        WriteOrNull(json, "after", change.Data is null ? null : record.Payload);
        json.WriteStartObject("source");
        json.WriteString("version", "1");
        json.WriteString("connector", "fraiseql");
        json.WriteString("name", record.Epoch);
        json.WriteNumber("ts_ms", change.At.ToUnixTimeMilliseconds());
        json.WriteString("snapshot", "false");
        var dot = change.Relation.IndexOf('.', StringComparison.Ordinal);
        json.WriteString("schema", change.Relation[..Math.Max(dot, 0)]);
        json.WriteString("table", change.Relation[(dot + 1)..]);
        json.WriteNumber("txId", change.TransactionId);
        json.WriteNumber("seq", change.Seq);
        if (change.Context is not null)
        {
            WriteElement(json, "ctx", record.Context);
        }

        json.WriteEndObject();
        json.WriteString("op", change.Kind switch
        {
            ChangeKind.Created => "c",
            ChangeKind.Deleted => "d",
            ChangeKind.Truncated => "t",
            _ => "u",
        });
        json.WriteNumber("ts_ms", change.At.ToUnixTimeMilliseconds());
        json.WriteNull("transaction");
    }

    private static void WriteCloudEvent(Utf8JsonWriter json, EventRecord record)
    {
        json.WriteString("specversion", "1.0");
        json.WriteString("id", record.Id);
        json.WriteString("source", "/fraiseql/" + record.Epoch);
        json.WriteString("type", record.Type);
        json.WriteString("subject", record.EntityId);
        json.WriteString("time", Iso(record));
        json.WriteString("datacontenttype", "application/json");
        json.WriteString("sequence", record.Change.Seq.ToString("d19", CultureInfo.InvariantCulture)); // that extension is ordered as text
        json.WriteString("partitionkey", record.EntityId);
        if (record.TraceParent is { } parent)
        {
            json.WriteString("traceparent", parent);
        }

        // Names of extensions have no underscore.
        foreach (var (name, attribute) in (ReadOnlySpan<(string, string)>)
            [("tenant", "tenant"), ("actor", "actor"), ("actor_type", "actortype"), ("acting_for", "actingfor"), ("origin", "origin")])
        {
            if (record.ContextText(name) is { } text)
            {
                json.WriteString(attribute, text);
            }
        }

        WriteElement(json, "data", record.Payload);
    }

    private static string Iso(EventRecord record)
        => record.Change.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static void WriteElement(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }

    private static void WriteKnown(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { } known)
        {
            WriteElement(json, name, known);
        }
    }

    private static void WriteOrNull(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { } known)
        {
            WriteElement(json, name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
