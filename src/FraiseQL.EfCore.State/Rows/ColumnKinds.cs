using System.Collections.Concurrent;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>Finds the kind of a CLR type and of a number in a payload. Kinds are few, as types are, and never forgotten. Thread-safe.</summary>
internal static class ColumnKinds
{
    private static readonly ConcurrentDictionary<Type, TypeFamily> s_families = new(TypeFamilies.All().Select(f => KeyValuePair.Create(f.ClrType, f)));
    private static readonly ConcurrentDictionary<int, TypeFamily> s_numbers = new(s_families.Values.Select(f => KeyValuePair.Create(f.Number, f)));
    private static readonly ConcurrentDictionary<Type, ColumnKind?> s_byType = new();
    private static readonly ConcurrentDictionary<(int Id, string Name), ColumnKind> s_byId = new();

    public static bool IsNamed(int id) => (id & TypeFamily.Named) == TypeFamily.Named;

    /// <summary>Adds a type of another package, in place of what was made of it so far.</summary>
    public static void Add(TypeFamily family)
    {
        s_numbers.TryAdd(family.Number, family);
        s_families[family.ClrType] = family;
        s_byType.Clear();
    }

    public static ColumnKind? Of(Type type) => s_byType.TryGetValue(type, out var known) ? known : s_byType.GetOrAdd(type, Find(type));

    public static ColumnKind? ById(int id)
    {
        var (number, form) = TypeFamily.Parse(id);

        // An array of the type byte is the type byte[], which has a number of its own.
        return TypeFamily.IdOf(number, form) == id && s_numbers.TryGetValue(number, out var family) && Kind(family, form) is { } kind && Of(kind.ClrType) == kind ? kind : null;
    }

    /// <summary>A kind that a query of this process has asked for: names in a payload make no types.</summary>
    public static ColumnKind? ByName(int id, string name) => s_byId.GetValueOrDefault((id, name));

    private static ColumnKind? Find(Type type)
    {
        // byte[] and what a satellite adds are types of their own, not collections.
        if (s_families.TryGetValue(type, out var family))
        {
            return Kind(family, TypeForm.Single);
        }

        var (element, form) = Decompose(type);
        if (form != TypeForm.Single && FamilyOf(element) is { } elements && Kind(elements, form) is { } kind)
        {
            return kind;
        }

        return FamilyOf(type) is { } single ? Kind(single, TypeForm.Single) : null;
    }

    private static TypeFamily? FamilyOf(Type type)
    {
        if (s_families.TryGetValue(type, out var known))
        {
            return known;
        }

        return DynamicFamilies.TryCreate(type) is { } made ? s_families.GetOrAdd(type, made) : null;
    }

    private static ColumnKind? Kind(TypeFamily family, TypeForm form)
    {
        var key = (TypeFamily.IdOf(family.Number, form), family.Name);
        if (s_byId.TryGetValue(key, out var known))
        {
            return known;
        }

        return family.Create(form) is { } kind ? s_byId.GetOrAdd(key, kind) : null;
    }

    private static (Type Element, TypeForm Form) Decompose(Type type)
    {
        TypeForm form;
        Type element;
        if (type.IsArray)
        {
            element = type.GetElementType()!;
            form = type.IsSZArray ? TypeForm.Array : type.GetArrayRank() == 2 ? TypeForm.Matrix : TypeForm.Single;
        }
        else if (type.IsGenericType && type.GetGenericTypeDefinition() is var definition && (definition == typeof(List<>) || definition == typeof(HashSet<>)))
        {
            element = type.GetGenericArguments()[0];
            form = definition == typeof(List<>) ? TypeForm.List : TypeForm.Set;
        }
        else
        {
            return (type, TypeForm.Single);
        }

        if (Nullable.GetUnderlyingType(element) is { } value)
        {
            return form switch
            {
                TypeForm.Array => (value, TypeForm.NullableArray),
                TypeForm.List => (value, TypeForm.NullableList),
                TypeForm.Matrix => (value, TypeForm.NullableMatrix),
                _ => (type, TypeForm.Single),
            };
        }

        return form == TypeForm.Single ? (type, form) : (element, form);
    }
}
