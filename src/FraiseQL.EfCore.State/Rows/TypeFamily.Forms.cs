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
        TypeForm.Single => ColumnKind<T, TCodec>.Make(Id(form), Name),
        TypeForm.Array => ColumnKind<T[], ArrayCodec<T, TCodec>>.Make(Id(form), Name),
        TypeForm.List => ColumnKind<List<T>, ListCodec<T, TCodec>>.Make(Id(form), Name),
        TypeForm.Matrix => ColumnKind<T[,], MatrixCodec<T, TCodec>>.Make(Id(form), Name),
        TypeForm.Set when !TCodec.IsMutable => ColumnKind<HashSet<T>, SetCodec<T, TCodec>>.Make(Id(form), Name),
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
        TypeForm.NullableArray => ColumnKind<T?[], ArrayCodec<T?, NullableCodec<T, TCodec>>>.Make(Id(form), Name),
        TypeForm.NullableList => ColumnKind<List<T?>, ListCodec<T?, NullableCodec<T, TCodec>>>.Make(Id(form), Name),
        TypeForm.NullableMatrix => ColumnKind<T?[,], MatrixCodec<T?, NullableCodec<T, TCodec>>>.Make(Id(form), Name),
        _ => base.Create(form),
    };
}
