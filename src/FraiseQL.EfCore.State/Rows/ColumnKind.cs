using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>A CLR type that a column of a cached result can have; one instance a type. The id is part of the L2 payload: never reuse or change one.</summary>
/// <param name="id">The number in the payload.</param>
/// <param name="name">What tells apart kinds with the same number; empty for those whose number says all.</param>
internal abstract class ColumnKind(int id, string name)
{
    public int Id { get; } = id;

    public string Name { get; } = name;

    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public abstract Type ClrType { get; }

    /// <summary>Whether such a column has an exact form for other nodes.</summary>
    public abstract bool IsShareable { get; }

    /// <param name="ordinal">The column's place in the result.</param>
    /// <param name="reserved">For how many rows memory is set aside, at least one.</param>
    public abstract ColumnBuilder CreateBuilder(int ordinal, int reserved);

    /// <summary>Reads the values of the rows that are not NULL; <see langword="null"/> when the bytes cannot be such values.</summary>
    public abstract RowColumn? Read(ref ByteReader reader, int rows, ulong[]? nulls);

    /// <summary>Writes one value of the kind's own type; equal bytes mean equal values.</summary>
    public abstract void WriteValue(ref ByteWriter writer, object value);

    /// <summary>The kind for what EF's shaper asks of a reader, or <see langword="false"/> when such a column is not cached.</summary>
    public static bool TryGet(Type clrType, [NotNullWhen(true)] out ColumnKind? kind) => (kind = ColumnKinds.Of(clrType)) is not null;

    public void WriteKind(ref ByteWriter writer)
    {
        writer.WriteCount(Id);
        if (ColumnKinds.IsNamed(Id))
        {
            writer.WriteString(Name);
        }
    }

    /// <summary>The kind in a payload; <see langword="null"/> when this process has no such kind.</summary>
    public static ColumnKind? ReadKind(ref ByteReader reader)
    {
        var id = reader.ReadVarUInt32();
        return id > int.MaxValue ? null : ColumnKinds.IsNamed((int)id) ? ColumnKinds.ByName((int)id, reader.ReadString()) : ColumnKinds.ById((int)id);
    }
}

/// <inheritdoc/>
internal sealed class ColumnKind<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)] T,
    TCodec> : ColumnKind
    where TCodec : struct, IValueCodec<T>
{
    private ColumnKind(int id, string name)
        : base(id, name)
    {
    }

    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public override Type ClrType => typeof(T);

    /// <summary>Makes the kind, or answers the one that was made first.</summary>
    public static ColumnKind Make(int id, string name) => TheKind<T, TCodec>.Set(new ColumnKind<T, TCodec>(id, name));

    public override bool IsShareable => TCodec.IsShareable;

    public override ColumnBuilder CreateBuilder(int ordinal, int reserved) => new ColumnBuilder<T, TCodec>(ordinal, reserved);

    public override void WriteValue(ref ByteWriter writer, object value) => TCodec.Write(ref writer, (T)value);

    public override RowColumn? Read(ref ByteReader reader, int rows, ulong[]? nulls)
    {
        var nullRows = 0;
        foreach (var word in nulls ?? [])
        {
            nullRows += BitOperations.PopCount(word);
        }

        // Checked before the array is made: a hostile count must not cost memory.
        if ((long)(rows - nullRows) * TCodec.LeastSize > reader.Remaining)
        {
            reader.Fail();
            return null;
        }

        var values = new T[rows];
        long heapSize = 0;
        if (TCodec.IsRaw && nulls is null && BitConverter.IsLittleEndian)
        {
            var raw = RowColumn<T, TCodec>.Raw(values);
            reader.Take(raw.Length).CopyTo(raw);
        }
        else if (typeof(T) == typeof(string))
        {
            heapSize = SharedText.Read(ref reader, (string[])(object)values, nulls);
        }
        else
        {
            for (var row = 0; row < rows && !reader.Failed; row++)
            {
                if (nulls is null || (nulls[row >> 6] & (1UL << (row & 63))) == 0)
                {
                    var value = TCodec.Read(ref reader);
                    values[row] = value;
                    heapSize += reader.Failed ? 0 : TCodec.HeapSize(value);
                }
            }
        }

        return new RowColumn<T, TCodec>(values, nulls, heapSize);
    }
}
