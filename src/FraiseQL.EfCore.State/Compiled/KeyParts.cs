using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FraiseQL.EfCore.State.Keys;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>Writes the exact bytes of one argument; <see langword="false"/> when this value has none.</summary>
internal delegate bool KeyPart<in T>(ref KeyWriter writer, T value);

/// <summary>
/// How arguments of each type go into a typed key, without boxing. The query fixes the types, so that only what varies is written: the value,
/// and whether there is one. These keys never leave the process.
/// </summary>
internal static class KeyParts
{
    private static readonly FrozenDictionary<Type, Delegate> s_parts = Create();

    /// <summary>Whether arguments of the type have an exact form.</summary>
    public static bool Knows(Type type)
        => s_parts.ContainsKey(type)
            || (Nullable.GetUnderlyingType(type) ?? type).IsEnum
            || (type.IsSZArray && KnowsElement(type.GetElementType()!))
            || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>) && KnowsElement(type.GetGenericArguments()[0]));

    public static KeyPart<T> Of<T>()
        => s_parts.TryGetValue(typeof(T), out var known) ? (KeyPart<T>)known
            : typeof(T).IsEnum ? Enumeration
            : static (ref KeyWriter writer, T value) => ParameterEncoder.TryWrite(ref writer, value);

    private static bool KnowsElement(Type type) => s_parts.ContainsKey(type) || (Nullable.GetUnderlyingType(type) ?? type).IsEnum;

    private static FrozenDictionary<Type, Delegate> Create()
    {
        var parts = new Dictionary<Type, Delegate>
        {
            [typeof(string)] = (KeyPart<string?>)Text,
            [typeof(byte[])] = (KeyPart<byte[]?>)Bytes,
        };
        Add<bool>(parts);
        Add<byte>(parts);
        Add<sbyte>(parts);
        Add<short>(parts);
        Add<ushort>(parts);
        Add<int>(parts);
        Add<uint>(parts);
        Add<long>(parts);
        Add<ulong>(parts);
        Add<char>(parts);
        Add<float>(parts);
        Add<double>(parts);
        Add<decimal>(parts);
        Add<Guid>(parts);
        Add<DateOnly>(parts);
        Add<TimeOnly>(parts);
        Add<TimeSpan>(parts);
        Add<DateTime>(parts, static (ref KeyWriter writer, DateTime value) =>
        {
            writer.Int64(value.Ticks);
            writer.Byte((byte)value.Kind);
            return true;
        });
        Add<DateTimeOffset>(parts, static (ref KeyWriter writer, DateTimeOffset value) =>
        {
            writer.Int64(value.Ticks);
            writer.Int64(value.Offset.Ticks);
            return true;
        });
        return parts.ToFrozenDictionary();
    }

    private static void Add<T>(Dictionary<Type, Delegate> parts, KeyPart<T>? part = null)
        where T : unmanaged
    {
        part ??= Bits;
        parts[typeof(T)] = part;
        parts[typeof(T?)] = (KeyPart<T?>)((ref KeyWriter writer, T? value) =>
        {
            writer.Byte(value.HasValue ? (byte)1 : (byte)0);
            return !value.HasValue || part(ref writer, value.GetValueOrDefault());
        });
    }

    // Only for types without padding, whose bytes are their value.
    private static bool Bits<T>(ref KeyWriter writer, T value)
        where T : unmanaged
    {
        writer.Bytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
        return true;
    }

    private static bool Enumeration<T>(ref KeyWriter writer, T value)
    {
        writer.Bytes(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref value), Unsafe.SizeOf<T>()));
        return true;
    }

    private static bool Text(ref KeyWriter writer, string? value)
    {
        writer.Int32(value?.Length ?? -1);
        writer.Bytes(MemoryMarshal.AsBytes(value.AsSpan()));
        return true;
    }

    private static bool Bytes(ref KeyWriter writer, byte[]? value)
    {
        writer.Int32(value?.Length ?? -1);
        writer.Bytes(value);
        return true;
    }
}
