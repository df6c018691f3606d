namespace FraiseQL.EfCore.State.Rows;

/// <summary>How one CLR type is written to and read from the L2 payload, and what it costs in memory. Static, so that generic code inlines it.</summary>
internal interface IValueCodec<T>
{
    /// <summary>The fewest bytes that one value takes when written; bounds allocations made for hostile counts.</summary>
    static abstract int LeastSize { get; }

    /// <summary>Whether a caller could change the value that it is given, so that it must be given a copy.</summary>
    static virtual bool IsMutable => false;

    /// <summary>Whether the type has an exact form for other nodes; without one, its entries stay in this process.</summary>
    static virtual bool IsShareable => true;

    /// <summary>Whether a value in memory of a little-endian machine is what <see cref="Write"/> writes, so that columns are copied as a whole.</summary>
    static virtual bool IsRaw => false;

    static abstract void Write(ref ByteWriter writer, T value);

    /// <summary>Writes values as <see cref="Write"/> would one after the other, if that is quicker for all at once.</summary>
    static virtual bool TryWriteAll(ref ByteWriter writer, ReadOnlySpan<T> values) => false;

    static abstract T Read(ref ByteReader reader);

    /// <summary>Bytes on the heap beyond the slot in the column's array.</summary>
    static virtual long HeapSize(T value) => 0;

    /// <summary>Another value that is equal in everything a caller can see; asked for only when <see cref="IsMutable"/>.</summary>
    static virtual T Copy(T value) => value;

    /// <summary>
    /// The value as a column keeps it. A copy where only the value itself tells whether it can be copied, so that one that cannot is found
    /// while it is read from the database and not when it is served.
    /// </summary>
    static virtual T Keep(T value) => value;
}
