using System.Diagnostics.CodeAnalysis;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>
/// The content of a capture function, as the one line that stands in migrations and as the comment of the function in the database.
/// All that is rendered comes from it, so that an old migration gives the same SQL for ever.
/// </summary>
/// <param name="Version">The folder of <c>migrations-templates</c> that renders it.</param>
/// <param name="Schema">The schema of the table.</param>
/// <param name="Table">The name of the table.</param>
/// <param name="Entity">The short name of the root entity.</param>
/// <param name="IsPart">Whether rows are only parts of the entity.</param>
/// <param name="Key">The primary key of the table.</param>
/// <param name="EventKey">The columns that identify the entity.</param>
/// <param name="Columns">The dependency columns: integers, uuid, boolean, text without a collation.</param>
/// <param name="Others">The other columns, by how two values of them are compared.</param>
/// <param name="Tuning">What <c>HasChangeEvents</c> says.</param>
internal sealed record CaptureAnnotation(
    string Version,
    string Schema,
    string Table,
    string Entity,
    bool IsPart,
    IReadOnlyList<string> Key,
    IReadOnlyList<EventKeyColumn> EventKey,
    IReadOnlyList<string> Columns,
    IReadOnlyDictionary<ColumnComparison, IReadOnlyList<string>> Others,
    CaptureTuning Tuning)
{
    private static readonly ColumnComparison[] Comparisons = Enum.GetValues<ColumnComparison>();

    public string Relation => Schema + "." + Table;

    public static string Text(CapturedTable table) => From(table).ToString();

    public static CaptureAnnotation From(CapturedTable table)
        => new(
            table.Version,
            table.Schema,
            table.Name,
            table.Entity,
            table.IsPart,
            [.. table.Key.Select(c => c.Name)],
            table.EventKey,
            [.. table.DependencyColumns.Select(c => c.Name)],
            table.DataColumns.Where(c => !table.Tuning.Excluded.Contains(c.Name)).GroupBy(c => ColumnComparisons.Of(c.StoreType))
                .ToDictionary(g => g.Key, IReadOnlyList<string> (g) => [.. g.Select(c => c.Name)]),
            table.Tuning);

    /// <summary>How the column is compared; <see langword="null"/> when it is not captured, and none for a dependency column.</summary>
    public string? ClassOf(string column)
        => Columns.Contains(column) ? "column" : Others.Where(o => o.Value.Contains(column)).Select(o => o.Key.ToString()).FirstOrDefault();

    public IReadOnlyList<string> OthersOf(ColumnComparison comparison) => Others.GetValueOrDefault(comparison) ?? [];

    public override string ToString()
    {
        var parts = new List<string>
        {
            Version,
            "schema=" + Escape(Schema),
            "table=" + Escape(Table),
            "entity=" + Escape(Entity),
            "key=" + Join(Key),
            "columns=" + Join(Columns),
        };
        if (IsPart)
        {
            parts.Add("of=" + string.Join(',', EventKey.Select(k => Escape(k.Column) + ":" + Escape(k.KeyName))));
        }

        parts.AddRange(Comparisons.Where(c => OthersOf(c).Count > 0).Select(c => $"{Name(c)}={Join(OthersOf(c))}"));
        if (Tuning.Excluded.Count > 0)
        {
            parts.Add("exclude=" + Join(Tuning.Excluded));
        }

        if (Tuning.Redacted.Count > 0)
        {
            parts.Add("redact=" + Join(Tuning.Redacted));
        }

        if (Tuning.PreImage)
        {
            parts.Add("preimage=on");
        }

        if (Tuning.LogsUnchanged)
        {
            parts.Add("unchanged=on");
        }

        if (Tuning.Channel is not null)
        {
            parts.Add("channel=" + Escape(Tuning.Channel));
        }

        return string.Join("; ", parts);
    }

    /// <exception cref="InvalidOperationException">The text was not written by this or an older version of the library.</exception>
    public static CaptureAnnotation Parse(string text)
        => TryParse(text, out var annotation) ? annotation : throw new InvalidOperationException(StateStrings.UnknownCapture(text));

    /// <summary>Whether the text begins with a version of the templates that this library does not have yet.</summary>
    public static bool IsOfNewerLibrary(string text)
        => text.Split("; ")[0] is ['v', .. { Length: > 0 } number] version && number.All(char.IsAsciiDigit) && !SqlTemplates.Exists(version, "capture");

    public static bool TryParse(string text, [NotNullWhen(true)] out CaptureAnnotation? annotation)
    {
        annotation = null;
        var parts = text.Split("; ");
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !values.TryAdd(part[..equals], part[(equals + 1)..]))
            {
                return false;
            }
        }

        if (!SqlTemplates.Exists(parts[0], "capture")
            || !values.Remove("schema", out var schema) || !values.Remove("table", out var table)
            || !values.Remove("entity", out var entity) || !values.Remove("key", out var key) || key.Length == 0
            || !values.Remove("columns", out var columns))
        {
            return false;
        }

        var isPart = values.Remove("of", out var of);
        var others = new Dictionary<ColumnComparison, IReadOnlyList<string>>();
        foreach (var comparison in Comparisons)
        {
            if (values.Remove(Name(comparison), out var names))
            {
                others.Add(comparison, Split(names));
            }
        }

        var tuning = new CaptureTuning(
            values.Remove("exclude", out var excluded) ? Split(excluded) : [],
            values.Remove("redact", out var redacted) ? Split(redacted) : [],
            values.Remove("preimage"),
            values.Remove("unchanged"),
            values.Remove("channel", out var channel) ? Unescape(channel) : null);
        var pairs = isPart ? of!.Split(',').Select(pair => pair.Split(':')).ToList() : [.. Split(key).Select(c => (string[])[Escape(c), Escape(c)])];
        if (values.Count > 0 || pairs.Any(pair => pair.Length != 2))
        {
            return false;
        }

        annotation = new(
            parts[0], Unescape(schema), Unescape(table), Unescape(entity), isPart, Split(key),
            [.. pairs.Select(pair => new EventKeyColumn(Unescape(pair[0]), Unescape(pair[1])))], Split(columns), others, tuning);
        return true;
    }

    private static string Name(ColumnComparison comparison) => comparison switch
    {
        ColumnComparison.Plain => "plain",
        ColumnComparison.Text => "text",
        ColumnComparison.Bytes => "bytes",
        ColumnComparison.Image => "image",
        ColumnComparison.Long => "long",
        _ => "opaque",
    };

    private static string Join(IEnumerable<string> names) => string.Join(',', names.Select(Escape));

    private static string[] Split(string names) => names.Length == 0 ? [] : [.. names.Split(',').Select(Unescape)];

    // Percent-encoding leaves the separators ; , : = and the blank to us and every usual name readable.
    private static string Escape(string name) => Uri.EscapeDataString(name);

    private static string Unescape(string name) => Uri.UnescapeDataString(name);
}
