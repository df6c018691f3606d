using System.Collections;
using System.Globalization;
using System.Text;
using FraiseQL.EfCore.State.Rows;

namespace FraiseQL.EfCore.State.Checks;

/// <summary>Compares two results of one query. Stateless.</summary>
internal static class RowComparison
{
    /// <summary>How they differ, without values; <see langword="null"/> when they do not. The order counts where it is asked for.</summary>
    public static string? Difference(RowSet served, RowSet read)
    {
        if (served.RowCount != read.RowCount)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{served.RowCount} rows were served, the database has {read.RowCount}");
        }

        for (var row = 0; row < served.RowCount; row++)
        {
            for (var column = 0; column < served.Columns.Length; column++)
            {
                if (Text(served, row, column) != Text(read, row, column))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"row {row + 1} of {served.RowCount} differs in column {served.Names[column]}");
                }
            }
        }

        return null;
    }

    /// <summary>Whether they have the same rows, in whatever order.</summary>
    public static bool HaveSameRows(RowSet one, RowSet other)
        => one.RowCount == other.RowCount && Rows(one).Order(StringComparer.Ordinal).SequenceEqual(Rows(other).Order(StringComparer.Ordinal), StringComparer.Ordinal);

    private static IEnumerable<string> Rows(RowSet rows)
    {
        for (var row = 0; row < rows.RowCount; row++)
        {
            var text = new StringBuilder();
            for (var column = 0; column < rows.Columns.Length; column++)
            {
                var value = Text(rows, row, column);
                text.Append(CultureInfo.InvariantCulture, $"{value.Length}:{value}");
            }

            yield return text.ToString();
        }
    }

    private static string Text(RowSet rows, int row, int column) => Text(rows.Columns[column].GetObject(row));

    // A type of the application is as exact as its ToString: what that hides is not found, and nothing is found that is not there.
    private static string Text(object? value) => value switch
    {
        null or DBNull => "null",
        string text => "'" + text,
        byte[] bytes => Convert.ToHexStringLower(bytes),
        DateTime time => string.Create(CultureInfo.InvariantCulture, $"{time.Ticks}{time.Kind}"),
        DateTimeOffset time => string.Create(CultureInfo.InvariantCulture, $"{time.Ticks}{time.Offset}"),
        System.Text.Json.JsonDocument json => json.RootElement.GetRawText(),
        IDictionary map => string.Join(',', map.Keys.Cast<object>().Select(key => Text(key) + "=" + Text(map[key])).Order(StringComparer.Ordinal)),
        IEnumerable list => "[" + string.Join(',', list.Cast<object?>().Select(Text)) + "]",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
