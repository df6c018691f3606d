using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>
/// Bytes of an immutable result on the heap, for the bound of L1. An upper bound: texts that the result shares with the rows behind it are counted
/// once more.
/// </summary>
internal static class ValueSize<T>
{
    private static readonly Func<T, long> s_of = ValueSize.Compile<T>();

    /// <summary>Bytes of the value itself, within its owner, are not among them.</summary>
    public static long Of(T value) => s_of(value);
}

/// <inheritdoc cref="ValueSize{T}"/>
internal static class ValueSize
{
    private const int Header = 16;
    private const int Deepest = 4;

    private static readonly MethodInfo s_text = new Func<string?, long>(Text).Method;

    public static long Text(string? text) => text is null ? 0 : 22 + (2L * text.Length);

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    public static Func<T, long> Compile<T>()
    {
        var value = Expression.Parameter(typeof(T), "value");
        return Expression.Lambda<Func<T, long>>(Beyond(value, 0), value).Compile();
    }

    // What lies outside of the value's own place: nothing for a number, the object for a reference.
    private static Expression Beyond(Expression value, int depth)
    {
        var type = value.Type;
        if (type == typeof(string))
        {
            return Expression.Call(s_text, value);
        }

        if (type.IsPrimitive || type.IsEnum || depth > Deepest || IsCollection(type))
        {
            return Expression.Constant(type.IsValueType && !IsCollection(type) ? 0L : 64L);
        }

        var size = ImmutableResult.Fields(type).Aggregate(
            (Expression)Expression.Constant(type.IsValueType ? 0L : Header + ImmutableResult.Fields(type).Sum(f => Inline(f.FieldType))),
            (sum, field) => HasReferences(field.FieldType) ? Expression.Add(sum, Beyond(Expression.Field(value, field), depth + 1)) : sum);
        return type.IsValueType
            ? size
            : Expression.Condition(Expression.ReferenceEqual(value, Expression.Constant(null)), Expression.Constant(0L), size);
    }

    private static bool HasReferences(Type type) => !type.IsValueType || IsCollection(type) || (!ImmutableResult.IsLeaf(type)
        && ImmutableResult.Fields(type).Any(field => field.FieldType != type && HasReferences(field.FieldType)));

    private static bool IsCollection(Type type)
        => type.IsGenericType && type.Namespace == typeof(ImmutableArray<>).Namespace;

    public static long Inline(Type type)
        => !type.IsValueType ? 8
            : type.IsPrimitive || type.IsEnum ? 8
            : ImmutableResult.Fields(type).Sum(field => field.FieldType == type ? 0 : Inline(field.FieldType));
}
