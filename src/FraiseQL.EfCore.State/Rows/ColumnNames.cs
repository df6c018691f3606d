using System.IO.Hashing;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// Recent column names by their bytes, so that entries of the shared level hold one text for all columns of a name and do not decode it each time.
/// A direct-mapped table: a collision forgets the older name. Lock-free.
/// </summary>
internal static class ColumnNames
{
    private const int Size = 1024;

    // PostgreSQL's own names are shorter; what is longer is not one of them.
    private const int Longest = 64;

    private static readonly Known?[] s_known = new Known?[Size];

    /// <exception cref="ArgumentException">The bytes are not UTF-8.</exception>
    public static string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > Longest)
        {
            return ByteReader.Text(utf8);
        }

        ref var slot = ref s_known[(int)(XxHash3.HashToUInt64(utf8) & (Size - 1))];
        var known = Volatile.Read(ref slot);
        if (known is null || !utf8.SequenceEqual(known.Utf8))
        {
            known = new Known(utf8.ToArray(), ByteReader.Text(utf8));
            Volatile.Write(ref slot, known);
        }

        return known.Text;
    }

    private sealed record Known(byte[] Utf8, string Text);
}
