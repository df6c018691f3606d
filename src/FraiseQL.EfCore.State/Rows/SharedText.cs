namespace FraiseQL.EfCore.State.Rows;

/// <summary>Reads a column of texts in which neighbours are often equal: an equal one becomes the same object, without decoding it again.</summary>
internal static class SharedText
{
    /// <summary>Fills the rows that are not NULL; answers the bytes on the heap, each text once.</summary>
    public static long Read(ref ByteReader reader, string[] values, ulong[]? nulls)
    {
        long heapSize = 0;
        var share = values.Length > 1 ? new StringShare() : null;
        ReadOnlySpan<byte> last = default;
        var lastText = string.Empty;
        for (var row = 0; row < values.Length && !reader.Failed; row++)
        {
            if (nulls is not null && (nulls[row >> 6] & (1UL << (row & 63))) != 0)
            {
                continue;
            }

            var utf8 = reader.ReadUtf8();
            if (!utf8.SequenceEqual(last))
            {
                last = utf8;
                var text = ByteReader.Text(utf8);
                if (share is null)
                {
                    heapSize += StringCodec.HeapSize(text);
                }

                lastText = share?.Share(text) ?? text;
            }

            values[row] = lastText;
        }

        return heapSize + (share?.HeapSize ?? 0);
    }
}
