using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>
/// Whether a type is deeply immutable by its declaration: every field, of every object that can be reached, is written by constructors only.
/// A class that others may derive from is so only where the query itself creates it, which <see cref="Projection"/> sees to.
/// </summary>
/// <remarks>One instance inspects one result. Not thread-safe.</remarks>
internal sealed class ImmutableResult
{
    private static readonly HashSet<Type> s_leaves =
    [
        typeof(string), typeof(Version), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly),
        typeof(TimeSpan), typeof(Half), typeof(Int128), typeof(UInt128), typeof(BigInteger), typeof(DBNull),
    ];

    private static readonly HashSet<Type> s_collections =
    [
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>), typeof(ImmutableDictionary<,>), typeof(Nullable<>),
    ];

    private readonly HashSet<Type> _seen = [];

    /// <summary>All classes and structs of the result that are not known leaves.</summary>
    public IReadOnlySet<Type> Types => _seen;

    /// <summary>The first class that others may derive from, if there is one.</summary>
    public Type? Open { get; private set; }

    /// <summary>Why the type is not deeply immutable, or <see langword="null"/>.</summary>
    public string? WhyNot(Type type) => WhyNot(type, path: null);

    public static bool IsLeaf(Type type) => type.IsPrimitive || type.IsEnum || s_leaves.Contains(type);

    public static bool IsOpen(Type type) => type.IsClass && !type.IsSealed && !IsLeaf(type) && !IsKnownCollection(type);

    private static bool IsKnownCollection(Type type) => type.IsGenericType && s_collections.Contains(type.GetGenericTypeDefinition());

    private string? WhyNot(Type type, string? path)
    {
        if (IsLeaf(type))
        {
            return null;
        }

        if (IsKnownCollection(type))
        {
            return type.GetGenericArguments().Select(argument => WhyNot(argument, path)).FirstOrDefault(reason => reason is not null);
        }

        if (type.IsArray || type.IsInterface || type == typeof(object) || type.IsAbstract || type.IsPointer || type.IsAssignableTo(typeof(Delegate)))
        {
            return StateStrings.NotFixedType(path ?? "The result", Name(type));
        }

        if (!_seen.Add(type))
        {
            return null;
        }

        if (IsOpen(type))
        {
            Open ??= type;
        }

        // What the framework's own classes are made of says nothing to the reader of a message.
        return WhyNotFields(type) is { } fields
            ? type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true ? StateStrings.NotFixedType(path ?? "The result", Name(type)) : fields
            : null;
    }

    private string? WhyNotFields(Type type)
    {
        foreach (var field in Fields(type))
        {
            var name = $"{Name(type)}.{Property(field)}";

            // A struct is copied when it is handed out, so only what its fields refer to could be changed.
            if (!type.IsValueType && !field.IsInitOnly)
            {
                return StateStrings.SettableMember(name);
            }

            if (WhyNot(field.FieldType, name) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The fields of a type that a compiled query creates are in use.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "The fields of a type that a compiled query creates are in use.")]
    public static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (var declaring = type; declaring is not null && declaring != typeof(object) && declaring != typeof(ValueType); declaring = declaring.BaseType)
        {
            foreach (var field in declaring.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }

    /// <summary>A type's name as one writes it in C#.</summary>
    public static string Name(Type type)
    {
        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))
        {
            return "the anonymous type";
        }

        var tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? type.Name : $"{type.Name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }

    // The compiler's name of what stands behind a property: <Title>k__BackingField, <Title>i__Field.
    private static string Property(FieldInfo field)
        => field.Name is ['<', ..] name && name.IndexOf('>', StringComparison.Ordinal) is > 1 and var end ? name[1..end] : field.Name;
}
