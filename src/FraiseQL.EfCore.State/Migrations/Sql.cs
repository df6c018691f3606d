namespace FraiseQL.EfCore.State.Migrations;

/// <summary>Names and texts in SQL.</summary>
internal static class Sql
{
    public static string Quote(string identifier) => "\"" + identifier.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    public static string Column(string row, string column) => row + "." + Quote(column);
}
