using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace FraiseQL.EfCore.State.Query;

/// <summary>The tables that an <c>ExecuteUpdate</c> or <c>ExecuteDelete</c> changes, cascades included.</summary>
internal sealed record WritePlan(IReadOnlyList<CapturedTable> Tables)
{
    public static WritePlan? For(TableExpression table, bool deletes)
        => DependencyExtractor.Captured(table.Table) is { } captured
            ? new WritePlan(deletes ? [captured, .. captured.CascadeTargets] : [captured])
            : null;
}
