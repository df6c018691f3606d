using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Net.NetworkInformation;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// Tells by a type's fields what may be done with its values: shared, because nothing in them can be changed, or copied field by field.
/// Used only where code can be made at run time: there, fields have not been trimmed away. Thread-safe.
/// </summary>
[UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A field that was trimmed away holds nothing; where fields lose their metadata this is not used.")]
[UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above, for base types.")]
internal static class Structure
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Nobody can change them, though their fields do not say so.
    private static readonly HashSet<Type> s_immutable =
    [
        typeof(string), typeof(BigInteger), typeof(PhysicalAddress), typeof(NpgsqlTsVector),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>),
    ];

    private static readonly HashSet<Type> s_collections =
    [
        typeof(List<>), typeof(Queue<>), typeof(Stack<>), typeof(Collection<>), typeof(ObservableCollection<>), typeof(ReadOnlyCollection<>),
    ];

    // A copy of a key would not be found where the key was.
    private static readonly HashSet<Type> s_keyed =
        [typeof(Dictionary<,>), typeof(HashSet<>), typeof(SortedSet<>), typeof(SortedList<,>), typeof(ReadOnlyDictionary<,>)];

    private static readonly HashSet<Type> s_interfaces =
    [
        typeof(IEnumerable<>), typeof(ICollection<>), typeof(IList<>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>), typeof(ISet<>),
        typeof(IDictionary<,>), typeof(IReadOnlyDictionary<,>),
    ];

    private static readonly ConcurrentDictionary<Type, bool> s_isImmutable = new();
    private static readonly ConcurrentDictionary<Type, bool> s_isCopyable = new();
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> s_fields = new();

    /// <summary>
    /// Deeply immutable: plain values, texts, and structs and sealed classes of nothing else, whose fields, if it is a class, are all read-only.
    /// A struct is copied when it is handed out, so its own fields may be written.
    /// </summary>
    public static bool IsImmutable(Type type) => s_isImmutable.GetOrAdd(type, static t => IsImmutable(t, []));

    /// <summary>Whether values can be copied field by field so that nobody sees a difference; what fields of interface types hold is looked at then.</summary>
    public static bool IsCopyable(Type type) => s_isCopyable.GetOrAdd(type, static t => IsCopyable(t, []));

    /// <summary>A part of a collection of the base library, or what compares its keys.</summary>
    public static bool IsPartOfCollection(Type type)
        => (type.DeclaringType is { } outer && (s_collections.Contains(outer) || s_keyed.Contains(outer)));

    /// <summary>Compares keys, and holds nothing that a caller could change.</summary>
    public static bool IsComparer(Type type)
        => IsOfFramework(type) && type.GetInterfaces().Any(i => i.IsGenericType
            && (i.GetGenericTypeDefinition() == typeof(IEqualityComparer<>) || i.GetGenericTypeDefinition() == typeof(IComparer<>)));

    /// <summary>All fields of an instance, the most derived type's first.</summary>
    public static FieldInfo[] FieldsOf(Type type) => s_fields.GetOrAdd(type, static t =>
    {
        var fields = new List<FieldInfo>();
        for (var level = t; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            fields.AddRange(level.GetFields(Own).OrderBy(f => f.Name, StringComparer.Ordinal));
        }

        return [.. fields];
    });

    /// <summary>Bytes on the heap that a value refers to.</summary>
    public static long HeapSize<T>(T value)
    {
        if (!RuntimeHelpers.IsReferenceOrContainsReferences<T>() || value is null)
        {
            return 0;
        }

        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        return typeof(T).IsValueType ? HeapSizeOfFields(value, seen) : HeapSizeOf(value, seen);
    }

    private static bool IsImmutable(Type type, HashSet<Type> visiting)
    {
        if (type.IsPrimitive || type.IsEnum)
        {
            return type != typeof(nint) && type != typeof(nuint);
        }

        if (type.IsGenericType && s_immutable.Contains(type.GetGenericTypeDefinition()))
        {
            return type.GetGenericArguments().All(a => IsImmutable(a, visiting));
        }

        if (s_immutable.Contains(type))
        {
            return true;
        }

        if (type.IsArray || type.IsPointer || type.IsByRefLike || type.IsInterface || type.IsAbstract || type.IsFunctionPointer
            || type == typeof(object) || type == typeof(JsonElement) || typeof(Delegate).IsAssignableFrom(type) || (type.IsClass && !type.IsSealed))
        {
            return false;
        }

        // A type that holds itself is immutable if all the rest is.
        return !visiting.Add(type)
            || Array.TrueForAll(FieldsOf(type), f => (type.IsValueType || f.IsInitOnly) && IsImmutable(f.FieldType, visiting));
    }

    private static bool IsCopyable(Type type, HashSet<Type> visiting)
    {
        if (IsImmutable(type) || (!visiting.Add(type)))
        {
            return true;
        }

        if (type.IsArray)
        {
            return IsCopyable(type.GetElementType()!, visiting);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() is var definition)
        {
            var arguments = type.GetGenericArguments();
            if (s_collections.Contains(definition) || s_interfaces.Contains(definition))
            {
                return Array.TrueForAll(arguments, a => IsCopyable(a, visiting));
            }

            if (s_keyed.Contains(definition))
            {
                return IsImmutable(arguments[0]) && IsCopyable(arguments[^1], visiting);
            }
        }

        if (type.IsPointer || type.IsByRefLike || type.IsInterface || type.IsAbstract || type == typeof(nint) || type == typeof(nuint) || type == typeof(object)
            || typeof(Delegate).IsAssignableFrom(type) || typeof(IDisposable).IsAssignableFrom(type) || typeof(IAsyncDisposable).IsAssignableFrom(type))
        {
            return false;
        }

        // A class that nobody can make anew has instances whose identity may matter; the base library's own are not looked into.
        return !(IsOfFramework(type) && !type.IsValueType)
            && (type.IsValueType || type.GetConstructors().Length > 0)
            && Array.TrueForAll(FieldsOf(type), f => IsCopyable(f.FieldType, visiting));
    }

    private static bool IsOfFramework(Type type)
        => type.Namespace is { } space && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal) || space.StartsWith("Microsoft.", StringComparison.Ordinal));

    private static long HeapSizeOf(object value, HashSet<object> seen)
    {
        if (value is Type || IsComparer(value.GetType()) || !seen.Add(value))
        {
            return 0;
        }

        if (value is string text)
        {
            return StringCodec.HeapSize(text);
        }

        if (value is Array array)
        {
            var element = array.GetType().GetElementType()!;
            var size = (24 + ((long)array.Length * SlotOf(element)) + 7) & ~7L;
            return Holds(element) ? size + array.Cast<object?>().Sum(e => SizeOfSlot(element, e, seen)) : size;
        }

        var fields = FieldsOf(value.GetType());
        return Math.Max(24, (16 + fields.Sum(f => SlotOf(f.FieldType)) + 7) & ~7L) + HeapSizeOfFields(value, seen);
    }

    private static long HeapSizeOfFields(object value, HashSet<object> seen)
        => FieldsOf(value.GetType()).Where(f => Holds(f.FieldType)).Sum(f => SizeOfSlot(f.FieldType, f.GetValue(value), seen));

    private static long SizeOfSlot(Type type, object? value, HashSet<object> seen)
        => value is null ? 0 : type.IsValueType ? HeapSizeOfFields(value, seen) : HeapSizeOf(value, seen);

    private static long SlotOf(Type type) => type.IsValueType ? RuntimeHelpers.SizeOf(type.TypeHandle) : nint.Size;

    // Whether a slot of the type can lead to an object.
    private static bool Holds(Type type) => !type.IsPrimitive && !type.IsEnum && !type.IsPointer && (!type.IsValueType || FieldsOf(type).Length > 0);
}
