using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// Which cell of the fixed table a dependency lands in. Two dependencies in one cell only over-invalidate, so a plain hash is enough;
/// readers and writers must only compute the same one.
/// </summary>
internal static class CellHash
{
    public const int CellCount = 1 << 16;

    /// <summary>Bumped by every change of any row: what a query without a usable predicate depends on.</summary>
    public static int Rows(string relation) => Cell(relation, "\u0001rows", default);

    /// <summary>Bumped by changes that name no row (truncate, a bulk update of this node): what every query on the table depends on.</summary>
    public static int Whole(string relation) => Cell(relation, "\u0001whole", default);

    /// <summary>Bumped by a local write of a known key whose other old values this node has not seen yet.</summary>
    public static int PendingValues(string relation) => Cell(relation, "\u0001pending-values", default);

    /// <summary>Bumped by a local write of which not even the keys are known (a bulk update).</summary>
    public static int PendingKeys(string relation) => Cell(relation, "\u0001pending-keys", default);

    /// <summary>Bumped by a change of a row which has, or had, this value in this column.</summary>
    /// <param name="relation">Schema and table, as in the event log.</param>
    /// <param name="column">The column.</param>
    /// <param name="value">The value's canonical text: the text that PostgreSQL's <c>to_jsonb</c> gives for it, without quotes.</param>
    public static int Value(string relation, string column, ReadOnlySpan<char> value) => Cell(relation, column, value);

    /// <summary>Bumped when a tag is invalidated by code.</summary>
    public static int Tag(string tag) => Cell("\u0001tag", tag, default);

    private static int Cell(string relation, string column, ReadOnlySpan<char> value)
    {
        var hash = new XxHash3();
        hash.Append(MemoryMarshal.AsBytes(relation.AsSpan()));
        hash.Append([0, 0]);
        hash.Append(MemoryMarshal.AsBytes(column.AsSpan()));
        hash.Append([0, 0]);
        hash.Append(MemoryMarshal.AsBytes(value));
        return (int)(hash.GetCurrentHashAsUInt64() & (CellCount - 1));
    }
}
