using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What one table in a query makes its result depend on: all its rows, or those with certain values in one column.</summary>
/// <param name="Table">The table.</param>
/// <param name="Column">The column of the predicate, or <see langword="null"/> for all rows.</param>
/// <param name="Value">Where the value comes from; not <see langword="null"/> with a column.</param>
/// <param name="Reads">The columns that the query reads, as bits (<see cref="Cache.ColumnMask"/>).</param>
internal sealed record Dependency(CapturedTable Table, CapturedColumn? Column, DependencyValue? Value, ulong Reads)
{
    /// <summary>Why there is no column, as a stable code; <see langword="null"/> when there is one.</summary>
    public string? WhyWhole { get; init; }

    /// <summary>Whether the predicate is on the whole primary key, whose value never changes while the row lives.</summary>
    public bool IsByKey => Column is not null && Table.Key is [var key] && key.Name == Column.Name;
}
