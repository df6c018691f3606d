using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Which values of a captured table's columns its events have.</summary>
internal static class CapturedTableEvents
{
    /// <summary>Whether an update tells that the column has changed.</summary>
    public static bool LogsChange(this CapturedTable table, string column)
        => table.TryGetDependencyColumn(column, out _)
            || (table.DataColumns.Any(data => data.Name == column) && !table.Tuning.Excluded.Contains(column));

    public static bool LogsNew(this CapturedTable table, string column) => LogsChange(table, column) && !table.Tuning.Redacted.Contains(column);

    public static bool LogsOld(this CapturedTable table, string column)
        => table.TryGetDependencyColumn(column, out _) || (table.Tuning.PreImage && LogsNew(table, column));
}
