using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>A row of the log as handlers see it, before it is given the type of its entity.</summary>
/// <remarks>One thread at a time: it parses lazily.</remarks>
internal sealed class EventRecord(ChangeRecord change, EventShape shape, string epoch)
{
    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement;

    private JsonElement? _payload;

    public ChangeRecord Change => change;

    public EventShape Shape => shape;

    public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"{epoch}-{change.Seq}");

    /// <summary>A truncated part leaves its entities there, changed.</summary>
    public ChangeKind Kind => shape.IsPart && change.Kind == ChangeKind.Truncated ? ChangeKind.Updated : change.Kind;

    public string Type => EventNames.Of(shape.Prefix, Kind);

    public string EntityId => shape.Prefix + "-" + KeyText();

    public JsonElement Payload => _payload ??= (change.Data ?? change.Before) is { } json ? Parse(json) : Nothing;

    public string? TraceParent
        => change.Context is { } context
            && Parse(context) is { ValueKind: JsonValueKind.Object } parsed
            && parsed.TryGetProperty("traceparent", out var parent) && parent.ValueKind == JsonValueKind.String
                ? parent.GetString()
                : null;

    /// <summary>The part of <see cref="Id"/> that tells one log from another.</summary>
    public static string Epoch(string log)
        => XxHash32.HashToUInt32(MemoryMarshal.AsBytes(log.AsSpan())).ToString("x8", CultureInfo.InvariantCulture);

    public object? Materialise(IServiceProvider services)
        => change.Data is null || shape.IsPart || shape.Materialiser is null ? null : shape.Materialiser.Create(Payload, services);

    private string KeyText()
    {
        if (change.Key is null)
        {
            return "*";
        }

        var key = Parse(change.Key);
        if (shape.KeyNames.Count == 1)
        {
            return key.TryGetProperty(shape.KeyNames[0], out var single) ? Text(single) : "?";
        }

        // Distinct keys must have distinct texts, and a comma may be in one of the parts.
        var text = new StringBuilder();
        foreach (var name in shape.KeyNames)
        {
            var part = key.TryGetProperty(name, out var value) ? Text(value) : "?";
            text.Append(text.Length == 0 ? "" : ",").Append(part.Replace("%", "%25", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal));
        }

        return text.ToString();
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
