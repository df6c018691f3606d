using System.Data.Common;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>Copies the rows of a live reader into columns. Not thread-safe.</summary>
internal sealed class RowSetBuilder
{
    private readonly ColumnBuilder[] _builders;
    private readonly string[] _names;

    /// <param name="kinds">The type of each column.</param>
    /// <param name="reader">The live reader.</param>
    /// <param name="before">What the last result looked like.</param>
    /// <param name="names">The names of the columns, when they are found by name.</param>
    /// <param name="ordinals">Where they are in the reader then.</param>
    public RowSetBuilder(ColumnKind[] kinds, DbDataReader reader, ResultShape? before, string[]? names = null, int[]? ordinals = null)
    {
        var reserved = before?.Reserved ?? 4;
        _builders = new ColumnBuilder[kinds.Length];
        for (var i = 0; i < kinds.Length; i++)
        {
            _builders[i] = kinds[i].CreateBuilder(ordinals is null ? i : ordinals[i], reserved);
        }

        _names = names ?? (before is not null && HasNames(reader, before.Names) ? before.Names : ReadNames(reader, kinds.Length));
    }

    public int RowCount { get; private set; }

    /// <summary>What the result looks like so far.</summary>
    public ResultShape Shape => new(_names, RowCount);

    /// <summary>Bytes that the rows take so far.</summary>
    public long Bytes { get; private set; }

    public void Append(DbDataReader reader)
    {
        var row = RowCount;
        long bytes = 0;
        foreach (var builder in _builders)
        {
            bytes += builder.Append(reader, row);
        }

        RowCount = row + 1;
        Bytes += bytes;
    }

    public RowSet Build()
    {
        var columns = new RowColumn[_builders.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = _builders[i].Build(RowCount);
        }

        return new RowSet(RowCount, columns, _names);
    }

    private static bool HasNames(DbDataReader reader, string[] names)
    {
        for (var i = 0; i < names.Length; i++)
        {
            if (reader.GetName(i) != names[i])
            {
                return false;
            }
        }

        return true;
    }

    private static string[] ReadNames(DbDataReader reader, int count)
    {
        var names = new string[count];
        for (var i = 0; i < count; i++)
        {
            names[i] = reader.GetName(i);
        }

        return names;
    }
}
