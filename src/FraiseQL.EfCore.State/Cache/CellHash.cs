using System.Buffers;
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

    private const int Longest = 256;

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

    /// <summary>Bumped by a change of a row which has, or had, no value in this column.</summary>
    public static int Null(string relation, string column) => Cell(relation, "\u0001null", column);

    /// <summary>Bumped when a tag is invalidated by code.</summary>
    public static int Tag(string tag) => Cell("\u0001tag", tag, default);

    /// <summary>Bumped when the results of one user are invalidated by code.</summary>
    public static int User(string user) => Cell("\u0001user", user, default);

    /// <summary>Bumped when the results of a named query are invalidated by code, whoever they are for.</summary>
    public static int Query(string name) => Cell("\u0001query", name, default);

    /// <summary>Bumped when one user's results of a named query are invalidated by code.</summary>
    public static int QueryOfUser(string name, string user) => Cell("\u0001query-of-user", name, user);

    // One buffer and the one-shot hash: the streaming one is an object of half a kilobyte, and this is called for each new key and each change.
    private static int Cell(string relation, string column, ReadOnlySpan<char> value)
    {
        var length = relation.Length + column.Length + value.Length + 2;
        var rented = length > Longest ? ArrayPool<char>.Shared.Rent(length) : null;
        var text = rented ?? stackalloc char[Longest];
        relation.CopyTo(text);
        text[relation.Length] = '\0';
        column.CopyTo(text[(relation.Length + 1)..]);
        text[relation.Length + 1 + column.Length] = '\0';
        value.CopyTo(text[(relation.Length + column.Length + 2)..]);
        var hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text[..length]));
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return (int)(hash & (CellCount - 1));
    }
}
