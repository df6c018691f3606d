using System.ComponentModel;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>The rows of one result, column by column. Sealed and immutable: every reader of a cached query shares one instance.</summary>
[ImmutableObject(true)]
internal sealed class RowSet
{
    private const int ObjectSize = 48;

    /// <param name="rowCount">The number of rows.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="names">Their names.</param>
    /// <param name="ownsNames">Whether the names are this result's alone; otherwise all results of a query share them.</param>
    public RowSet(int rowCount, RowColumn[] columns, string[] names, bool ownsNames = false)
    {
        RowCount = rowCount;
        Columns = columns;
        Names = names;
        IsShareable = true;

        long size = ObjectSize + ((ownsNames ? 2 : 1) * (24 + (columns.Length * 8L)));
        foreach (var column in columns)
        {
            size += column.HeapSize;
            IsShareable &= column.Kind.IsShareable;
        }

        HeapSize = size;
    }

    public int RowCount { get; }

    public RowColumn[] Columns { get; }

    /// <summary>Column names as the server gave them.</summary>
    public string[] Names { get; }

    /// <summary>Bytes on the heap, for the bound of L1.</summary>
    public long HeapSize { get; }

    /// <summary>Whether every column has an exact form for other nodes.</summary>
    public bool IsShareable { get; }
}
