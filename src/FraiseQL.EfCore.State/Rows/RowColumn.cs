using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>One column of a cached result: a typed array beside a bitmap of its NULLs. Never changes after it was built.</summary>
internal abstract class RowColumn(ulong[]? nulls)
{
    /// <summary>Bytes of a column itself, without its array.</summary>
    public const int ObjectSize = 40;

    public abstract ColumnKind Kind { get; }

    /// <summary>One bit a row, set where the row is NULL; <see langword="null"/> when none is.</summary>
    public ulong[]? Nulls { get; } = nulls;

    /// <summary>Bytes on the heap: the column, its array and bitmap, and what the values refer to.</summary>
    public abstract long HeapSize { get; }

    public bool IsNull(int row) => Nulls is { } nulls && (nulls[row >> 6] & (1UL << (row & 63))) != 0;

    /// <summary>The value as an object, a copy where it could be changed; <see cref="DBNull"/> for NULL.</summary>
    public abstract object GetObject(int row);

    /// <summary>Writes the values of the rows that are not NULL.</summary>
    public abstract void Write(ref ByteWriter writer);
}

/// <inheritdoc/>
internal abstract class RowColumn<T>(T[] values, ulong[]? nulls) : RowColumn(nulls)
{
    protected T[] Values { get; } = values;

    /// <summary>The value as it may be handed out: a copy where it could be changed. The row must not be NULL.</summary>
    public abstract T Get(int row);
}

/// <inheritdoc/>
/// <param name="values">A slot for each row.</param>
/// <param name="nulls">One bit a row, or none.</param>
/// <param name="valuesHeapSize">Bytes on the heap that the values refer to, each object once.</param>
internal sealed class RowColumn<T, TCodec>(T[] values, ulong[]? nulls, long valuesHeapSize) : RowColumn<T>(values, nulls)
    where TCodec : struct, IValueCodec<T>
{
    private readonly long _valuesHeapSize = valuesHeapSize;

    // One of each type, so that no column has to hold it.
    public override ColumnKind Kind => TheKind<T, TCodec>.Get;

    public override long HeapSize
        => ObjectSize + ((24 + ((long)Values.Length * Unsafe.SizeOf<T>()) + 7) & ~7L) + (Nulls is { } nulls ? 24 + (nulls.Length * 8L) : 0) + _valuesHeapSize;

    public override T Get(int row) => TCodec.IsMutable ? TCodec.Copy(Values[row]) : Values[row];

    public override object GetObject(int row) => IsNull(row) ? DBNull.Value : Get(row)!;

    public override void Write(ref ByteWriter writer)
    {
        if (TCodec.IsRaw && Nulls is null && BitConverter.IsLittleEndian)
        {
            writer.WriteBytes(Raw(Values));
            return;
        }

        if (Nulls is null)
        {
            if (!TCodec.TryWriteAll(ref writer, Values))
            {
                foreach (var value in Values)
                {
                    TCodec.Write(ref writer, value);
                }
            }

            return;
        }

        for (var row = 0; row < Values.Length; row++)
        {
            if (!IsNull(row))
            {
                TCodec.Write(ref writer, Values[row]);
            }
        }
    }

    /// <summary>The bytes of an array of plain numbers.</summary>
    internal static Span<byte> Raw(T[] values)
        => MemoryMarshal.CreateSpan(ref Unsafe.As<T, byte>(ref MemoryMarshal.GetArrayDataReference(values)), values.Length * Unsafe.SizeOf<T>());
}
