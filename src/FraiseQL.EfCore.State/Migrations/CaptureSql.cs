using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>Renders the capture function and the triggers of a table.</summary>
internal static class CaptureSql
{
    private const int MaxIdentifierBytes = 63;

    public static string EventLog(string version) => SqlTemplates.Get(version, "event_log");

    public static string Drop(string schema, string table)
        => SqlTemplates.Render(CaptureModel.CurrentVersion, "drop_capture", new Dictionary<string, string> { ["function"] = Function(schema, table) });

    /// <param name="capture">What is captured.</param>
    /// <param name="schema">The schema as the migration names it: where it names none, the search path of the connection decides.</param>
    public static string Create(CaptureAnnotation capture, string? schema)
    {
        var values = new Dictionary<string, string>
        {
            ["function"] = Function(capture.Schema, capture.Table),
            ["table"] = (schema is null ? "" : Sql.Quote(schema) + ".") + Sql.Quote(capture.Table),
            ["entity"] = Sql.Literal(capture.Entity),
            ["relation"] = Sql.Literal(capture.Relation),
            ["annotation"] = Sql.Literal(capture.ToString()),
            ["insert_op"] = capture.IsPart ? "U" : "I",
            ["delete_op"] = capture.IsPart ? "U" : "D",
            ["old_key"] = CaptureJson.Shape("k", capture.EventKey.Select(k => (k.KeyName, Sql.Column("o", k.Column)))),
            ["new_key"] = CaptureJson.Shape("k", capture.EventKey.Select(k => (k.KeyName, Sql.Column("n", k.Column)))),
            ["either_key"] = CaptureJson.Shape("k", capture.EventKey.Select(k => (k.KeyName, Either(capture, k.Column)))),
            ["old_columns"] = CaptureJson.Shape("b", capture.Columns.Select(c => (c, Sql.Column("o", c)))),
            ["new_columns"] = CaptureJson.Shape("a", capture.Columns.Select(c => (c, Sql.Column("n", c)))),
            ["old_row"] = capture.Tuning.PreImage ? "\n            " + CaptureJson.RowShape("w", "o", capture) : "",
            ["new_row"] = CaptureJson.RowShape("r", "n", capture),
            ["old_missing"] = Sql.Column("o", capture.Key[0]) + " is null",
            ["new_missing"] = Sql.Column("n", capture.Key[0]) + " is null",
            ["same_key"] = string.Join(" and ", capture.Key.Select(c => SameKey(capture, c))),
            ["changed_columns"] = ChangedColumns(capture),
            ["changed"] = capture.Tuning.LogsUnchanged ? "true" : "((o.*) operator(pg_catalog.*<>) (n.*)) is not false",
            ["ring"] = Ring(capture.Tuning.Channel),
            ["before"] = capture.Columns.Count == 0 ? "'{}'::json" : "row_to_json(b.*)",
            ["after"] = capture.Columns.Count == 0 ? "'{}'::json" : "row_to_json(a.*)",
            ["data"] = CaptureJson.Row("r", "n", capture),
            ["deleted_row"] = capture.Tuning.PreImage ? CaptureJson.Row("w", "o", capture) : "null",
            ["updated_row"] = capture.Tuning.PreImage
                ? $"case when {Sql.Column("o", capture.Key[0])} is null then null else {CaptureJson.Row("w", "o", capture)} end"
                : "null",
        };
        values["tag"] = DollarTag(values.Values);
        return SqlTemplates.Render(capture.Version, "capture", values);
    }

    /// <summary>
    /// The quoted name of the table's capture function: the relation, or where that is too long or ambiguous its beginning and a hash.
    /// </summary>
    public static string Function(string schema, string table) => "fraiseql." + Sql.Quote(FunctionName(schema, table));

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

    // The old row's where the new one is missing; a column of the primary key is null only there.
    private static string Either(CaptureAnnotation capture, string column)
        => capture.Key.Contains(column)
            ? $"coalesce({Sql.Column("n", column)}, {Sql.Column("o", column)})"
            : $"case when {Sql.Column("n", capture.Key[0])} is null then {Sql.Column("o", column)} else {Sql.Column("n", column)} end";

    private static string SameKey(CaptureAnnotation capture, string column)
        => capture.Columns.Contains(column) || capture.OthersOf(ColumnComparison.Plain).Contains(column)
            ? $"{Sql.Column("o", column)} = {Sql.Column("n", column)}"
            : $"row({Sql.Column("o", column)})::record operator(pg_catalog.*=) row({Sql.Column("n", column)})::record";

    private static string ChangedColumns(CaptureAnnotation capture)
    {
        var changes = capture.Columns.Where(c => !capture.Key.Contains(c))
            .Concat(capture.OthersOf(ColumnComparison.Plain)).Concat(capture.OthersOf(ColumnComparison.Bytes))
            .Select(c => (Column: c, Differs: $"{Sql.Column("o", c)} is distinct from {Sql.Column("n", c)}"))
            .Concat(capture.OthersOf(ColumnComparison.Text)
                .Select(c => (Column: c, Differs: $"{Sql.Column("o", c)} collate \"C\" is distinct from {Sql.Column("n", c)} collate \"C\"")))
            .Concat(new[] { ColumnComparison.Image, ColumnComparison.Long, ColumnComparison.Opaque }.SelectMany(capture.OthersOf)
                .Select(c => (Column: c, Differs: $"row({Sql.Column("o", c)})::record operator(pg_catalog.*<>) row({Sql.Column("n", c)})::record")))
            .Select(c => $"\n                case when {c.Differs} then {Sql.Literal(c.Column)} end")
            .ToList();
        return changes.Count == 0 ? "'{}'::text[]" : $"array_remove(array[{string.Join(',', changes)}], null)";
    }

    // As the bell of all: whoever has the channel's lock rings for every transaction that is in flight beside its own.
    private static string Ring(string? channel)
        => channel is null ? ""
            : $"""

                if found and current_setting('fraiseql.quiet', true) is distinct from 'on' and pg_try_advisory_xact_lock({LockOf(channel)})
                    and pg_notify({Sql.Literal(channel)}, '') is null then
                end if;
            """;

    private static long LockOf(string channel)
        => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("fraiseql channel " + channel)));

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
