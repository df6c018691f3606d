namespace FraiseQL.EfCore.State.Rows;

/// <summary>How one CLR type is written to and read from the L2 payload, and what it costs in memory. Static, so that generic code inlines it.</summary>
internal interface IValueCodec<T>
{
    /// <summary>The fewest bytes that one value takes when written; bounds allocations made for hostile counts.</summary>
    static abstract int LeastSize { get; }

    /// <summary>Whether a caller could change the value that it is given, so that it must be given a copy.</summary>
    static abstract bool IsMutable { get; }

    static abstract void Write(ByteWriter writer, T value);

    static abstract T Read(ref ByteReader reader);

    /// <summary>Bytes on the heap beyond the slot in the column's array.</summary>
    static abstract long HeapSize(T value);

    static abstract T Copy(T value);
}
