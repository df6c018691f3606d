using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>A CLR type that a column of a cached result can have. The id is part of the L2 payload: never reuse or change one.</summary>
internal abstract class ColumnKind(byte id)
{
    public byte Id { get; } = id;

    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public abstract Type ClrType { get; }

    /// <param name="ordinal">The column's place in the result.</param>
    /// <param name="reserved">For how many rows memory is set aside, at least one.</param>
    public abstract ColumnBuilder CreateBuilder(int ordinal, int reserved);

    /// <summary>Reads the values of the rows that are not NULL; <see langword="null"/> when the bytes cannot be such values.</summary>
    public abstract RowColumn? Read(ref ByteReader reader, int rows, ulong[]? nulls);

    /// <summary>The kind for what EF's shaper asks of a reader, or <see langword="false"/> when such a column is not cached.</summary>
    public static bool TryGet(Type clrType, [NotNullWhen(true)] out ColumnKind? kind) => ColumnKinds.ByType.TryGetValue(clrType, out kind);

    public static ColumnKind? ById(byte id) => ColumnKinds.ById.GetValueOrDefault(id);
}

/// <inheritdoc/>
internal sealed class ColumnKind<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)] T,
    TCodec>(byte id) : ColumnKind(id)
    where TCodec : struct, IValueCodec<T>
{
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public override Type ClrType => typeof(T);

    public override ColumnBuilder CreateBuilder(int ordinal, int reserved) => new ColumnBuilder<T, TCodec>(this, ordinal, reserved);

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
        var column = new RowColumn<T, TCodec>(this, values, nulls);
        for (var row = 0; row < rows && !reader.Failed; row++)
        {
            if (!column.IsNull(row))
            {
                values[row] = TCodec.Read(ref reader);
            }
        }

        return column;
    }
}
