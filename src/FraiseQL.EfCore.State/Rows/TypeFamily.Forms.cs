using System.Diagnostics.CodeAnalysis;

namespace FraiseQL.EfCore.State.Rows;

/// <inheritdoc/>
internal abstract class TypeFamily<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)] T,
    TCodec>(int number, string name) : TypeFamily(number, name)
    where TCodec : struct, IValueCodec<T>
{
    public override Type ClrType => typeof(T);

    public override ColumnKind? Create(TypeForm form) => form switch
    {
        TypeForm.Single => new ColumnKind<T, TCodec>(Id(form), Name),
        TypeForm.Array => new ColumnKind<T[], ArrayCodec<T, TCodec>>(Id(form), Name),
        TypeForm.List => new ColumnKind<List<T>, ListCodec<T, TCodec>>(Id(form), Name),
        TypeForm.Matrix => new ColumnKind<T[,], MatrixCodec<T, TCodec>>(Id(form), Name),
        TypeForm.Set when !TCodec.IsMutable => new ColumnKind<HashSet<T>, SetCodec<T, TCodec>>(Id(form), Name),
        _ => null,
    };
}

/// <summary>A class.</summary>
internal sealed class ClassFamily<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)] T,
    TCodec>(int number, string name = "") : TypeFamily<T, TCodec>(number, name)
    where T : class
    where TCodec : struct, IValueCodec<T>;

/// <summary>A value type, of which arrays may have NULL elements.</summary>
internal sealed class ValueTypeFamily<
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)] T,
    TCodec>(int number, string name = "") : TypeFamily<T, TCodec>(number, name)
    where T : struct
    where TCodec : struct, IValueCodec<T>
{
    public override ColumnKind? Create(TypeForm form) => form switch
    {
        TypeForm.NullableArray => new ColumnKind<T?[], ArrayCodec<T?, NullableCodec<T, TCodec>>>(Id(form), Name),
        TypeForm.NullableList => new ColumnKind<List<T?>, ListCodec<T?, NullableCodec<T, TCodec>>>(Id(form), Name),
        TypeForm.NullableMatrix => new ColumnKind<T?[,], MatrixCodec<T?, NullableCodec<T, TCodec>>>(Id(form), Name),
        _ => base.Create(form),
    };
}
