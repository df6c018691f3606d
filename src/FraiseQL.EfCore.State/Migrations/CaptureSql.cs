using System.Security.Cryptography;
using System.Text;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>Renders the capture function and the triggers of a table.</summary>
internal static class CaptureSql
{
    private const int MaxIdentifierBytes = 63;

    // A function takes at most 100 arguments.
    private const int ColumnsPerObject = 45;

    // Below this size no row becomes too large for JSON (256 MB), however much its text form expands.
    private const int CertainlyJson = 32 * 1024 * 1024;

    public static string EventLog(string version) => SqlTemplates.Get(version, "event_log");

    public static string Drop(string schema, string table)
        => SqlTemplates.Render(CaptureAnnotation.CurrentVersion, "drop_capture", new Dictionary<string, string> { ["function"] = Function(schema, table) });

    /// <param name="capture">What is captured.</param>
    /// <param name="schema">The schema as the migration names it: where it names none, the search path of the connection decides.</param>
    public static string Create(CaptureAnnotation capture, string? schema)
    {
        var values = new Dictionary<string, string>
        {
            ["function"] = Function(capture.Schema, capture.Table),
            ["table"] = (schema is null ? "" : Quote(schema) + ".") + Quote(capture.Table),
            ["entity"] = Literal(capture.Entity),
            ["relation"] = Literal(capture.Relation),
            ["annotation"] = Literal(capture.ToString()),
            ["insert_op"] = capture.IsPart ? "U" : "I",
            ["delete_op"] = capture.IsPart ? "U" : "D",
            ["old_key"] = JsonObject(capture.EventKey.Select(k => (k.KeyName, Value("o", k.Column)))),
            ["new_key"] = JsonObject(capture.EventKey.Select(k => (k.KeyName, Value("n", k.Column)))),
            ["old_columns"] = JsonObject(capture.Columns.Select(c => (c, Value("o", c)))),
            ["new_columns"] = JsonObject(capture.Columns.Select(c => (c, Value("n", c)))),
            ["old_missing"] = Value("o", capture.Key[0]) + " is null",
            ["new_missing"] = Value("n", capture.Key[0]) + " is null",
            ["same_key"] = string.Join(" and ", capture.Key.Select(c => SameKey(capture, c))),
            ["changed_columns"] = ChangedColumns(capture),
            ["new_data"] = capture.OthersOf(ColumnComparison.Opaque).Count > 0
                ? "fraiseql.row_data(n.*)"
                : $"case when pg_column_size(n.*) < {CertainlyJson} then to_jsonb(n.*) else fraiseql.row_data(n.*) end",
        };
        values["tag"] = DollarTag(values.Values);
        return SqlTemplates.Render(capture.Version, "capture", values);
    }

    /// <summary>
    /// The quoted name of the table's capture function: the relation, or where that is too long or ambiguous its beginning and a hash.
    /// </summary>
    public static string Function(string schema, string table) => "fraiseql." + Quote(FunctionName(schema, table));

    public static string FunctionName(string schema, string table)
    {
        var name = schema + "." + table;
        if (Encoding.UTF8.GetByteCount(name) <= MaxIdentifierBytes && !schema.Contains('.', StringComparison.Ordinal) && !table.Contains('.', StringComparison.Ordinal))
        {
            return name;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(schema + "\0" + table)))[..12];
        var start = new StringBuilder();
        var bytes = 0;
        foreach (var rune in name.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxIdentifierBytes - hash.Length - 1)
            {
                break;
            }

            start.Append(rune);
        }

        return start.Append('~').Append(hash).ToString();
    }

    private static string SameKey(CaptureAnnotation capture, string column)
        => capture.Columns.Contains(column) || capture.OthersOf(ColumnComparison.Plain).Contains(column)
            ? $"{Value("o", column)} = {Value("n", column)}"
            : $"row({Value("o", column)})::record operator(pg_catalog.*=) row({Value("n", column)})::record";

    private static string ChangedColumns(CaptureAnnotation capture)
    {
        var changes = capture.Columns.Where(c => !capture.Key.Contains(c))
            .Concat(capture.OthersOf(ColumnComparison.Plain))
            .Select(c => (Column: c, Differs: $"{Value("o", c)} is distinct from {Value("n", c)}"))
            .Concat(capture.OthersOf(ColumnComparison.Text)
                .Select(c => (Column: c, Differs: $"{Value("o", c)} collate \"C\" is distinct from {Value("n", c)} collate \"C\"")))
            .Concat(capture.OthersOf(ColumnComparison.Image).Concat(capture.OthersOf(ColumnComparison.Opaque))
                .Select(c => (Column: c, Differs: $"row({Value("o", c)})::record operator(pg_catalog.*<>) row({Value("n", c)})::record")))
            .Select(c => $"\n                case when {c.Differs} then {Literal(c.Column)} end")
            .ToList();
        return changes.Count == 0 ? "'{}'::text[]" : $"array_remove(array[{string.Join(',', changes)}], null)";
    }

    private static string JsonObject(IEnumerable<(string Name, string Value)> members)
        => string.Join(" || ", members.Chunk(ColumnsPerObject).DefaultIfEmpty([])
            .Select(chunk => $"jsonb_build_object({string.Join(", ", chunk.Select(m => $"{Literal(m.Name)}, {m.Value}"))})"));

    private static string Value(string row, string column) => row + "." + Quote(column);

    private static string Quote(string identifier) => "\"" + identifier.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    // EF puts $EF$ around the statements of idempotent scripts, and a name of the user's may contain a dollar sign.
    private static string DollarTag(IReadOnlyCollection<string> values)
    {
        var tag = "$fraiseql$";
        for (var i = 1; values.Any(v => v.Contains(tag, StringComparison.Ordinal)); i++)
        {
            tag = FormattableString.Invariant($"$fraiseql{i}$");
        }

        return tag;
    }
}
