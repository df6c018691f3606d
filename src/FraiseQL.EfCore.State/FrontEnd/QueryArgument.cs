using System.Linq.Expressions;
using System.Reflection;

namespace FraiseQL.EfCore.State.FrontEnd;

/// <summary>Where the value of a query's parameter stands in its tree. Immutable.</summary>
/// <param name="name">What EF calls the parameter.</param>
/// <param name="index">The place among those that <see cref="ShapeReader"/> sets aside.</param>
/// <param name="path">The members that lead from the captured object to the value, from the inside out; none for a constant.</param>
/// <param name="mayBeQuery">Whether the value can be a query or an expression, which EF makes part of the tree.</param>
internal sealed class QueryArgument(string name, int index, MemberInfo[] path, bool mayBeQuery)
{
    public string Name => name;

    /// <summary>Reads the value as EF does, with the same reflection.</summary>
    /// <returns>
    /// <see langword="false"/> where EF does something else than to take the value: a path that ends at <see langword="null"/>, a getter that throws.
    /// </returns>
    public bool TryRead(ShapeReader reader, out object? value)
    {
        value = reader.ValueAt(index);
        for (var i = 0; i < path.Length; i++)
        {
            if (!TryRead(path[i], value, out value))
            {
                return false;
            }
        }

        return !mayBeQuery || value is not (IQueryable or Expression);
    }

    private static bool TryRead(MemberInfo member, object? instance, out object? value)
    {
        value = null;
        if (member is FieldInfo field)
        {
            if (instance is null && !field.IsStatic)
            {
                return false;
            }

            value = field.GetValue(instance);
            return true;
        }

        var property = (PropertyInfo)member;
        if (instance is null && property.GetMethod is not { IsStatic: true })
        {
            return false;
        }

        try
        {
            value = property.GetValue(instance);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }
}
