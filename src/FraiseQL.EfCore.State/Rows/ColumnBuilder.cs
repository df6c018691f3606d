using System.Data.Common;
using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>Collects one column while a result is read from the database.</summary>
internal abstract class ColumnBuilder
{
    /// <summary>Reads the current row's value; answers the bytes that it takes.</summary>
    public abstract long Append(DbDataReader reader, int row);

    public abstract RowColumn Build(int rows);
}

/// <inheritdoc/>
internal sealed class ColumnBuilder<T, TCodec>(int ordinal, int reserved) : ColumnBuilder
    where TCodec : struct, IValueCodec<T>
{
    private T[] _values = new T[reserved];
    private ulong[]? _nulls;
    private long _heapSize;
    private StringShare? _texts;

    public override long Append(DbDataReader reader, int row)
    {
        if (row == _values.Length)
        {
            Array.Resize(ref _values, row * 2);
        }

        if (reader.IsDBNull(ordinal))
        {
            var word = row >> 6;
            if (_nulls is null || _nulls.Length <= word)
            {
                Array.Resize(ref _nulls, Math.Max(word + 1, (_nulls?.Length ?? 0) * 2));
            }

            _nulls[word] |= 1UL << (row & 63);
            return 1;
        }

        var value = TCodec.Keep(reader.GetFieldValue<T>(ordinal));
        long size;
        if (typeof(T) == typeof(string) && row > 0)
        {
            // One row has nothing to share with.
            if (_texts is null)
            {
                _texts = new StringShare();
                if (_values[0] is string first)
                {
                    _texts.Remember(first);
                }
            }

            var texts = _texts;
            var before = texts.HeapSize;
            value = (T)(object)texts.Share((string)(object)value!);
            size = texts.HeapSize - before;
        }
        else
        {
            size = TCodec.HeapSize(value);
        }

        _values[row] = value;
        _heapSize += size;
        return Unsafe.SizeOf<T>() + size;
    }

    public override RowColumn Build(int rows)
    {
        if (_values.Length != rows)
        {
            Array.Resize(ref _values, rows);
        }

        var words = (rows + 63) >> 6;
        if (_nulls is not null && _nulls.Length != words)
        {
            Array.Resize(ref _nulls, words);
        }

        return new RowColumn<T, TCodec>(_values, _nulls, _heapSize);
    }
}
