using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Which values of a captured table's columns its events have.</summary>
internal static class CapturedTableEvents
{
    public static bool LogsNew(this CapturedTable table, string column)
        => LogsOld(table, column) || table.DataColumns.Any(data => data.Name == column);

    public static bool LogsOld(this CapturedTable table, string column) => table.TryGetDependencyColumn(column, out _);
}
