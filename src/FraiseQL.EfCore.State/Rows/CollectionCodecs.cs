using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FraiseQL.EfCore.State.Rows;

// The forms that a type can have in an array column. All write a count and then, for each element, whether it is there, and the element.

internal readonly struct ArrayCodec<T, TCodec> : IValueCodec<T[]>
    where TCodec : struct, IValueCodec<T>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static bool IsShareable => TCodec.IsShareable;

    // An element that cannot be NULL takes its own bytes too; the others may all be NULL.
    private static int LeastElementSize => default(T) is null ? 1 : 1 + TCodec.LeastSize;

    public static void Write(ref ByteWriter writer, T[] value) => WriteAll(ref writer, value);

    public static void WriteAll(ref ByteWriter writer, ReadOnlySpan<T> values)
    {
        writer.WriteCount(values.Length);
        foreach (var element in values)
        {
            WriteElement(ref writer, element);
        }
    }

    public static void WriteElement(ref ByteWriter writer, T element)
    {
        writer.WriteByte(element is null ? (byte)0 : (byte)1);
        if (element is not null)
        {
            TCodec.Write(ref writer, element);
        }
    }

    public static T[] Read(ref ByteReader reader)
    {
        var count = reader.ReadCount(LeastElementSize);
        var values = count == 0 ? [] : new T[count];
        ReadAll(ref reader, values);
        return values;
    }

    public static void ReadAll(ref ByteReader reader, Span<T> values)
    {
        for (var i = 0; i < values.Length && !reader.Failed; i++)
        {
            values[i] = ReadElement(ref reader);
        }
    }

    public static T ReadElement(ref ByteReader reader) => reader.ReadByte() != 0 ? TCodec.Read(ref reader) : default!;

    public static int ReadCount(ref ByteReader reader) => reader.ReadCount(LeastElementSize);

    public static long HeapSize(T[] value) => HeapSize(value, value.Length);

    public static long HeapSize(ReadOnlySpan<T> values, int slots)
    {
        var size = (24 + ((long)slots * Unsafe.SizeOf<T>()) + 7) & ~7L;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            foreach (var element in values)
            {
                size += element is null ? 0 : TCodec.HeapSize(element);
            }
        }

        return size;
    }

    public static T[] Copy(T[] value)
    {
        if (value.Length == 0)
        {
            return value;
        }

        var copy = (T[])value.Clone();
        CopyElements(copy);
        return copy;
    }

    public static T[] Keep(T[] value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            value[i] = value[i] is null ? value[i] : TCodec.Keep(value[i]);
        }

        return value;
    }

    public static void CopyElements(Span<T> values)
    {
        if (TCodec.IsMutable)
        {
            foreach (ref var element in values)
            {
                element = element is null ? element : TCodec.Copy(element);
            }
        }
    }
}

internal readonly struct ListCodec<T, TCodec> : IValueCodec<List<T>>
    where TCodec : struct, IValueCodec<T>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static bool IsShareable => TCodec.IsShareable;

    public static void Write(ref ByteWriter writer, List<T> value) => ArrayCodec<T, TCodec>.WriteAll(ref writer, CollectionsMarshal.AsSpan(value));

    public static List<T> Read(ref ByteReader reader)
    {
        var count = ArrayCodec<T, TCodec>.ReadCount(ref reader);
        var values = new List<T>(count);
        CollectionsMarshal.SetCount(values, count);
        ArrayCodec<T, TCodec>.ReadAll(ref reader, CollectionsMarshal.AsSpan(values));
        return values;
    }

    public static long HeapSize(List<T> value)
        => 32 + (value.Capacity == 0 ? 0 : ArrayCodec<T, TCodec>.HeapSize(CollectionsMarshal.AsSpan(value), value.Capacity));

    public static List<T> Copy(List<T> value)
    {
        var copy = new List<T>(value);
        ArrayCodec<T, TCodec>.CopyElements(CollectionsMarshal.AsSpan(copy));
        return copy;
    }

    public static List<T> Keep(List<T> value)
    {
        foreach (ref var element in CollectionsMarshal.AsSpan(value))
        {
            element = element is null ? element : TCodec.Keep(element);
        }

        return value;
    }
}

/// <summary>Sets as the provider makes them: with the default comparer. A set of mutable elements is not kept: a copy would hash differently.</summary>
internal readonly struct SetCodec<T, TCodec> : IValueCodec<HashSet<T>>
    where TCodec : struct, IValueCodec<T>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static bool IsShareable => TCodec.IsShareable;

    public static void Write(ref ByteWriter writer, HashSet<T> value)
    {
        if (!Equals(value.Comparer, EqualityComparer<T>.Default))
        {
            throw new NotSupportedException("A set with a comparer of its own has no exact form.");
        }

        writer.WriteCount(value.Count);
        foreach (var element in value)
        {
            ArrayCodec<T, TCodec>.WriteElement(ref writer, element);
        }
    }

    public static HashSet<T> Read(ref ByteReader reader)
    {
        var count = ArrayCodec<T, TCodec>.ReadCount(ref reader);
        var values = new HashSet<T>(count);
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            values.Add(ArrayCodec<T, TCodec>.ReadElement(ref reader));
        }

        return values;
    }

    public static long HeapSize(HashSet<T> value)
    {
        // Buckets of 4 bytes, and entries of the hash, the next and the value.
        var size = 64 + 48 + (value.Capacity * (12L + Unsafe.SizeOf<T>()));
        foreach (var element in value)
        {
            size += element is null ? 0 : TCodec.HeapSize(element);
        }

        return size;
    }

    public static HashSet<T> Copy(HashSet<T> value) => new(value, value.Comparer);
}

/// <summary>Arrays of two dimensions.</summary>
internal readonly struct MatrixCodec<T, TCodec> : IValueCodec<T[,]>
    where TCodec : struct, IValueCodec<T>
{
    public static int LeastSize => 2;

    public static bool IsMutable => true;

    public static bool IsShareable => TCodec.IsShareable;

    public static void Write(ref ByteWriter writer, T[,] value)
    {
        if (value.GetLowerBound(0) != 0 || value.GetLowerBound(1) != 0)
        {
            throw new NotSupportedException("An array that does not begin at 0 has no exact form.");
        }

        writer.WriteCount(value.GetLength(0));
        writer.WriteCount(value.GetLength(1));
        foreach (var element in Elements(value))
        {
            ArrayCodec<T, TCodec>.WriteElement(ref writer, element);
        }
    }

    public static T[,] Read(ref ByteReader reader)
    {
        var (rows, columns) = (reader.ReadVarUInt32(), reader.ReadVarUInt32());
        if (rows > int.MaxValue || columns > int.MaxValue || (ulong)rows * columns > (ulong)reader.Remaining || (rows * columns == 0 && rows + columns > 0))
        {
            reader.Fail();
            return new T[0, 0];
        }

        var values = new T[rows, columns];
        ArrayCodec<T, TCodec>.ReadAll(ref reader, Elements(values));
        return values;
    }

    public static long HeapSize(T[,] value) => 16 + ArrayCodec<T, TCodec>.HeapSize(Elements(value), value.Length);

    public static T[,] Copy(T[,] value)
    {
        var copy = (T[,])value.Clone();
        ArrayCodec<T, TCodec>.CopyElements(Elements(copy));
        return copy;
    }

    public static T[,] Keep(T[,] value)
    {
        foreach (ref var element in Elements(value))
        {
            element = element is null ? element : TCodec.Keep(element);
        }

        return value;
    }

    private static Span<T> Elements(T[,] value)
        => value.Length == 0 ? [] : MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(value)), value.Length);
}

/// <summary>Elements of value types that may be NULL; the collection has written whether they are.</summary>
internal readonly struct NullableCodec<T, TCodec> : IValueCodec<T?>
    where T : struct
    where TCodec : struct, IValueCodec<T>
{
    public static int LeastSize => TCodec.LeastSize;

    public static bool IsMutable => TCodec.IsMutable;

    public static bool IsShareable => TCodec.IsShareable;

    public static void Write(ref ByteWriter writer, T? value) => TCodec.Write(ref writer, value.GetValueOrDefault());

    public static T? Read(ref ByteReader reader) => TCodec.Read(ref reader);

    public static long HeapSize(T? value) => value is { } v ? TCodec.HeapSize(v) : 0;

    public static T? Copy(T? value) => value is { } v ? TCodec.Copy(v) : value;

    public static T? Keep(T? value) => value is { } v ? TCodec.Keep(v) : value;
}
