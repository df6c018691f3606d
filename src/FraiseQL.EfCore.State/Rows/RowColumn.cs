using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>One column of a cached result: a typed array beside a bitmap of its NULLs. Never changes after it was built.</summary>
internal abstract class RowColumn(ulong[]? nulls)
{
    public abstract ColumnKind Kind { get; }

    /// <summary>One bit a row, set where the row is NULL; <see langword="null"/> when none is.</summary>
    public ulong[]? Nulls { get; } = nulls;

    /// <summary>Bytes on the heap, the array's slots included.</summary>
    public abstract long HeapSize { get; }

    public bool IsNull(int row) => Nulls is { } nulls && (nulls[row >> 6] & (1UL << (row & 63))) != 0;

    /// <summary>The value as an object, a copy where it could be changed; <see cref="DBNull"/> for NULL.</summary>
    public abstract object GetObject(int row);

    /// <summary>Writes the values of the rows that are not NULL.</summary>
    public abstract void Write(ByteWriter writer);
}

/// <inheritdoc/>
internal abstract class RowColumn<T>(T[] values, ulong[]? nulls) : RowColumn(nulls)
{
    protected T[] Values { get; } = values;

    /// <summary>The value as it may be handed out: a copy where it could be changed. The row must not be NULL.</summary>
    public abstract T Get(int row);
}

/// <inheritdoc/>
internal sealed class RowColumn<T, TCodec>(ColumnKind kind, T[] values, ulong[]? nulls) : RowColumn<T>(values, nulls)
    where TCodec : struct, IValueCodec<T>
{
    public override ColumnKind Kind { get; } = kind;

    public override long HeapSize
    {
        get
        {
            var size = 88 + ((long)Values.Length * Unsafe.SizeOf<T>()) + ((Nulls?.Length ?? 0) * 8L);
            for (var row = 0; row < Values.Length; row++)
            {
                if (!IsNull(row))
                {
                    size += TCodec.HeapSize(Values[row]);
                }
            }

            return size;
        }
    }

    public override T Get(int row) => TCodec.IsMutable ? TCodec.Copy(Values[row]) : Values[row];

    public override object GetObject(int row) => IsNull(row) ? DBNull.Value : Get(row)!;

    public override void Write(ByteWriter writer)
    {
        for (var row = 0; row < Values.Length; row++)
        {
            if (!IsNull(row))
            {
                TCodec.Write(writer, Values[row]);
            }
        }
    }
}
