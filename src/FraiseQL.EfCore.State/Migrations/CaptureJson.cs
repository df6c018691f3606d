using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>
/// Renders subqueries without a table, one row of named columns each, which <c>row_to_json</c> makes an object. The planner pulls them up, so that
/// one expression stands for all their columns: every node of an expression costs each statement, for that is when the executor sets it up.
/// </summary>
internal static class CaptureJson
{
    // Control characters are six characters in JSON, and a text has at most 1 GB.
    private const int CertainlyFits = 100_000_000;

    // The most by which PostgreSQL's compression shortens a value.
    private const int MostCompressed = 100;

    /// <summary>A subquery of these expressions.</summary>
    public static string Shape(string alias, IEnumerable<(string Name, string Value)> members, string tail = "")
        => $"cross join lateral (select {string.Join(", ", members.Select(m => $"{m.Value} as {Sql.Quote(m.Name)}"))}{tail}) {alias}";

    /// <summary>A subquery of the whole row, without what is excluded.</summary>
    public static string RowShape(string alias, string row, CaptureAnnotation capture)
    {
        var opaque = capture.OthersOf(ColumnComparison.Opaque);
        var members = RowColumns(capture).Select(c => (c, capture.Tuning.Redacted.Contains(c) ? Redacted(row, capture, c)
            : opaque.Contains(c) ? $"(case when {Sql.Column(row, c)} is null then 'null' else fraiseql.value_json({Sql.Column(row, c)}) end)::json"
            : Sql.Column(row, c)));

        // An opaque value is used twice and must not be made twice: with an offset the subquery stays one.
        return Shape(alias, members, opaque.Count == 0 ? "" : " offset 0");
    }

    /// <summary>The object of a <see cref="RowShape"/>; null where the row has no JSON form.</summary>
    public static string Row(string alias, string row, CaptureAnnotation capture)
    {
        var cases = new List<string>();
        var texts = capture.OthersOf(ColumnComparison.Text).Concat(capture.OthersOf(ColumnComparison.Bytes)).ToList();
        var compressed = capture.OthersOf(ColumnComparison.Long);
        var limit = CertainlyFits / Math.Max(1, texts.Count + compressed.Count);
        var tooLarge = new List<string>();
        if (texts.Count > 0)
        {
            tooLarge.Add($"greatest({string.Join(", ", texts.Select(c => $"octet_length({Sql.Column(row, c)})"))}) > {limit}");
        }

        if (compressed.Count > 0)
        {
            tooLarge.Add($"greatest({string.Join(", ", compressed.Select(c => $"pg_column_size({Sql.Column(row, c)})"))}) > {limit / MostCompressed}");
        }

        if (tooLarge.Count > 0)
        {
            var hidden = capture.Tuning.Excluded.Concat(capture.Tuning.Redacted).Select(Sql.Literal);
            cases.Add($"when {string.Join(" or ", tooLarge)} then fraiseql.row_json({row}.*, array[{string.Join(", ", hidden)}]::text[])");
        }

        var opaque = capture.OthersOf(ColumnComparison.Opaque).Where(c => !capture.Tuning.Redacted.Contains(c)).ToList();
        if (opaque.Count > 0)
        {
            cases.Add($"when {string.Join(" or ", opaque.Select(c => Sql.Column(alias, c) + " is null"))} then null");
        }

        return cases.Count == 0 ? $"row_to_json({alias}.*)" : $"case {string.Join(' ', cases)} else row_to_json({alias}.*) end";
    }

    private static IEnumerable<string> RowColumns(CaptureAnnotation capture)
        => capture.Columns.Concat(capture.Others.OrderBy(o => o.Key).SelectMany(o => o.Value));

    private static string Redacted(string row, CaptureAnnotation capture, string column)
        => capture.OthersOf(ColumnComparison.Text).Contains(column) ? $"case when {Sql.Column(row, column)} is not null then '***' end" : "null::text";
}
