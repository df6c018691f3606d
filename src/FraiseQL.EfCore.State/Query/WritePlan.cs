using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What an <c>ExecuteUpdate</c> or <c>ExecuteDelete</c> changes.</summary>
/// <param name="Tables">The tables, cascades included.</param>
/// <param name="Columns">The columns of the one table of an update, as bits; all for a delete.</param>
internal sealed record WritePlan(IReadOnlyList<CapturedTable> Tables, ulong Columns)
{
    public static WritePlan? For(UpdateExpression update)
        => DependencyExtractor.Captured(update.Table.Table) is { } captured
            ? new WritePlan([captured], captured.ChangeMask(update.ColumnValueSetters.Select(s => s.Column.Name)))
            : null;

    public static WritePlan? For(DeleteExpression delete)
        => DependencyExtractor.Captured(delete.Table.Table) is { } captured
            ? new WritePlan([captured, .. captured.CascadeTargets], ColumnMask.All)
            : null;
}
