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

    private static readonly IReadOnlyDictionary<string, ColumnChange> NoChanges = new Dictionary<string, ColumnChange>();

    private JsonElement? _payload;
    private JsonElement? _before;
    private JsonElement? _context;
    private IReadOnlyDictionary<string, ColumnChange>? _changes;

    public ChangeRecord Change => change;

    public string Epoch => epoch;

    public EventShape Shape => shape;

    public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"{epoch}-{change.Seq}");

    /// <summary>A truncated part leaves its entities there, changed.</summary>
    public ChangeKind Kind => shape.IsPart && change.Kind == ChangeKind.Truncated ? ChangeKind.Updated : change.Kind;

    public string Type => shape.TypeOf(Kind);

    public string EntityId => shape.Prefix + "-" + KeyText();

    public JsonElement Payload => _payload ??= (change.Data ?? change.Old ?? change.Before) is { } json ? Parse(json) : Nothing;

    /// <summary>What is known of the row before the change.</summary>
    public JsonElement Before => _before ??= (change.Old ?? change.Before) is { } json ? Parse(json) : Nothing;

    /// <summary>What the writer said of the write; an object without members when nothing.</summary>
    public JsonElement Context
        => _context ??= change.Context is { } json && Parse(json) is { ValueKind: JsonValueKind.Object } parsed ? parsed : Nothing;

    public string? TraceParent => change.Context is null ? null : ContextText("traceparent");

    /// <summary>What an update changed, by column.</summary>
    public IReadOnlyDictionary<string, ColumnChange> Changes
        => _changes ??= change.Kind != ChangeKind.Updated || change.Columns is not { Length: > 0 } columns
            ? NoChanges
            : columns.ToDictionary(
                column => column,
                column => new ColumnChange(Find(Before, column), change.Data is null ? null : Find(Payload, column)),
                StringComparer.Ordinal);

    /// <summary>A text of the write's context; <see langword="null"/> when the writer gave none.</summary>
    public string? ContextText(string name)
        => Find(Context, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>The part of <see cref="Id"/> that tells one log from another.</summary>
    public static string EpochOf(string log)
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

    private static JsonElement? Find(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value : null;

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
