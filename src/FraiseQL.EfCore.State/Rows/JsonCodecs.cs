using System.Runtime.InteropServices;
using System.Text.Json;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>A document belongs to who disposes it, so each caller gets one of its own.</summary>
internal readonly struct JsonDocumentCodec : IValueCodec<JsonDocument>
{
    public static int LeastSize => 2;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, JsonDocument value) => JsonElementCodec.Write(ref writer, value.RootElement);

    public static JsonDocument Read(ref ByteReader reader) => JsonDocument.Parse(reader.ReadUtf8().ToArray());

    public static long HeapSize(JsonDocument value) => JsonElementCodec.HeapSize(value.RootElement);

    public static JsonDocument Copy(JsonDocument value) => JsonDocument.Parse(JsonMarshal.GetRawUtf8Value(value.RootElement).ToArray());

    // In an array of its own size, and not in one that a pool lent.
    public static JsonDocument Keep(JsonDocument value)
    {
        var kept = Copy(value);
        value.Dispose();
        return kept;
    }
}

/// <summary>An element cannot be changed; its document, which could be disposed, is this cache's own.</summary>
internal readonly struct JsonElementCodec : IValueCodec<JsonElement>
{
    public static int LeastSize => 2;

    public static void Write(ref ByteWriter writer, JsonElement value)
    {
        var json = JsonMarshal.GetRawUtf8Value(value);
        writer.WriteCount(json.Length);
        writer.WriteBytes(json);
    }

    public static JsonElement Read(ref ByteReader reader)
    {
        using var document = JsonDocument.Parse(reader.ReadUtf8().ToArray());
        return document.RootElement.Clone();
    }

    // The text, and for each token a record of 12 bytes; a token has about 6 characters.
    public static long HeapSize(JsonElement value) => 160 + (JsonMarshal.GetRawUtf8Value(value).Length * 3L);

    public static JsonElement Keep(JsonElement value) => value.Clone();
}
