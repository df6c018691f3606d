namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// A set of columns of one table, in 64 bits: what a query reads of it, or what a change touched. They meet if they have a bit in common.
/// Which bit a column has is known to <c>CapturedTable</c>; columns that share one only over-invalidate.
/// </summary>
internal static class ColumnMask
{
    /// <summary>How many columns have a bit of their own; the further ones share the last.</summary>
    public const int MostColumns = 62;

    /// <summary>Everything: what an insert or a delete touches, and what is read by who cannot say what it reads.</summary>
    public const ulong All = ulong.MaxValue;

    /// <summary>That the row is there at all: every query reads it, and no update touches it.</summary>
    public const ulong Existence = 1UL << 62;

    /// <summary>What events do not tell: excluded columns and the server's own. Every change may have touched it.</summary>
    public const ulong Untold = 1UL << 63;

    public static ulong OfColumn(int index) => 1UL << Math.Min(index, MostColumns - 1);
}
