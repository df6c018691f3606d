using System.ComponentModel;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>The rows of one result, column by column. Sealed and immutable: every reader of a cached query shares one instance.</summary>
[ImmutableObject(true)]
internal sealed class RowSet
{
    public RowSet(int rowCount, RowColumn[] columns, string[] names)
    {
        RowCount = rowCount;
        Columns = columns;
        Names = names;
        long size = 96;
        for (var i = 0; i < columns.Length; i++)
        {
            size += columns[i].HeapSize + 16 + StringCodec.HeapSize(names[i]);
        }

        HeapSize = size;
    }

    public int RowCount { get; }

    public RowColumn[] Columns { get; }

    /// <summary>Column names as the server gave them.</summary>
    public string[] Names { get; }

    /// <summary>Bytes on the heap, for the bound of L1.</summary>
    public long HeapSize { get; }
}
