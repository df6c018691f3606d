using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// Families of types that this assembly cannot name: enums of the application, and types that may be kept in this process by what they are made of.
/// Only where code can be made at run time; elsewhere such columns are not cached.
/// </summary>
internal static class DynamicFamilies
{
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The type is one that a query of the application reads, so its members are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2071", Justification = "A value type needs no constructor to be made.")]
    public static TypeFamily? TryCreate(Type type)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported || type.ContainsGenericParameters || type.IsByRefLike || type.IsPointer)
        {
            return null;
        }

        var codec = type.IsEnum ? typeof(EnumCodec<>)
            : Structure.IsImmutable(type) ? typeof(SharedCodec<>)
            : Structure.IsCopyable(type) ? typeof(CopiedCodec<>)
            : null;
        if (codec is null)
        {
            return null;
        }

        var family = type.IsValueType ? typeof(ValueTypeFamily<,>) : typeof(ClassFamily<,>);
        return (TypeFamily?)Activator.CreateInstance(
            family.MakeGenericType(type, codec.MakeGenericType(type)), TypeFamily.Named, type.FullName + ", " + type.Assembly.GetName().Name);
    }
}
