using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// Copies an object graph as it is: same types, same fields, same sharing inside. What cannot be changed is not copied. Thread-safe, as long
/// as nobody writes to the graph meanwhile.
/// </summary>
internal static class StructuralCopy
{
    // A graph is a document's: EF's and Npgsql's readers bound those to 64 levels.
    private const int MostDepth = 256;

    private static readonly Func<object, object> s_clone = typeof(object)
        .GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.CreateDelegate<Func<object, object>>();

    /// <exception cref="NotSupportedException">The graph holds something that has no exact copy.</exception>
    public static object Of(object value) => Structure.IsImmutable(value.GetType()) ? value : Copy(value, new(ReferenceEqualityComparer.Instance), 0);

    [return: NotNullIfNotNull(nameof(value))]
    private static object? Copy(object? value, Dictionary<object, object> made, int depth)
    {
        if (value is null)
        {
            return null;
        }

        var type = value.GetType();
        if (Structure.IsImmutable(type))
        {
            return value;
        }

        if (made.TryGetValue(value, out var known))
        {
            return known;
        }

        if (Structure.IsComparer(type))
        {
            return value;
        }

        if (depth > MostDepth || !(Structure.IsCopyable(type) || Structure.IsPartOfCollection(type) || value is Array))
        {
            throw new NotSupportedException($"A value of type {type} has no exact copy.");
        }

        var copy = value is Array array ? array.Clone() : s_clone(value);
        if (!type.IsValueType)
        {
            made.Add(value, copy);
        }

        if (copy is Array elements)
        {
            CopyElements(elements, made, depth);
            return copy;
        }

        foreach (var field in Structure.FieldsOf(type))
        {
            if (!Structure.IsImmutable(field.FieldType) && field.GetValue(value) is { } held)
            {
                field.SetValue(copy, Copy(held, made, depth + 1));
            }
        }

        return copy;
    }

    private static void CopyElements(Array elements, Dictionary<object, object> made, int depth)
    {
        if (Structure.IsImmutable(elements.GetType().GetElementType()!))
        {
            return;
        }

        var at = new int[elements.Rank];
        for (var i = 0L; i < elements.LongLength; i++)
        {
            var rest = i;
            for (var dimension = elements.Rank - 1; dimension >= 0; dimension--)
            {
                at[dimension] = elements.GetLowerBound(dimension) + (int)(rest % elements.GetLength(dimension));
                rest /= elements.GetLength(dimension);
            }

            if (elements.GetValue(at) is { } held)
            {
                elements.SetValue(Copy(held, made, depth + 1), at);
            }
        }
    }
}
