namespace FraiseQL.EfCore.State.Rows;

internal readonly struct StringCodec : IValueCodec<string>
{
    public static int LeastSize => 1;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, string value) => writer.WriteString(value);

    public static string Read(ref ByteReader reader) => reader.ReadString();

    public static long HeapSize(string value) => 22 + (2L * value.Length);

    public static string Copy(string value) => value;
}

internal readonly struct GuidCodec : IValueCodec<Guid>
{
    public static int LeastSize => 16;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        writer.WriteBytes(bytes);
    }

    public static Guid Read(ref ByteReader reader) => reader.Take(16) is { IsEmpty: false } bytes ? new Guid(bytes) : Guid.Empty;

    public static long HeapSize(Guid value) => 0;

    public static Guid Copy(Guid value) => value;
}

internal readonly struct DecimalCodec : IValueCodec<decimal>
{
    public static int LeastSize => 16;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        foreach (var part in bits)
        {
            writer.WriteInt32(part);
        }
    }

    // The scale is kept: 1.0 and 1.00 come back as they were.
    public static decimal Read(ref ByteReader reader)
        => new([reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32()]);

    public static long HeapSize(decimal value) => 0;

    public static decimal Copy(decimal value) => value;
}

internal readonly struct DateTimeCodec : IValueCodec<DateTime>
{
    public static int LeastSize => 9;

    public static bool IsMutable => false;

    // Not ToBinary: it converts local times, and the kind must come back as it was.
    public static void Write(ByteWriter writer, DateTime value)
    {
        writer.WriteInt64(value.Ticks);
        writer.WriteByte((byte)value.Kind);
    }

    public static DateTime Read(ref ByteReader reader) => new(reader.ReadInt64(), (DateTimeKind)reader.ReadByte());

    public static long HeapSize(DateTime value) => 0;

    public static DateTime Copy(DateTime value) => value;
}

internal readonly struct DateTimeOffsetCodec : IValueCodec<DateTimeOffset>
{
    public static int LeastSize => 10;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, DateTimeOffset value)
    {
        writer.WriteInt64(value.Ticks);
        writer.WriteInt16((short)value.TotalOffsetMinutes);
    }

    public static DateTimeOffset Read(ref ByteReader reader) => new(reader.ReadInt64(), TimeSpan.FromMinutes(reader.ReadInt16()));

    public static long HeapSize(DateTimeOffset value) => 0;

    public static DateTimeOffset Copy(DateTimeOffset value) => value;
}

internal readonly struct BytesCodec : IValueCodec<byte[]>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ByteWriter writer, byte[] value)
    {
        writer.WriteCount(value.Length);
        writer.WriteBytes(value);
    }

    public static byte[] Read(ref ByteReader reader)
    {
        var length = reader.ReadCount();
        return reader.Take(length).ToArray();
    }

    public static long HeapSize(byte[] value) => 24 + value.Length;

    public static byte[] Copy(byte[] value) => value.Length == 0 ? value : (byte[])value.Clone();
}

internal readonly struct ArrayCodec<T, TCodec> : IValueCodec<T[]>
    where TCodec : struct, IValueCodec<T>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ByteWriter writer, T[] value)
    {
        writer.WriteCount(value.Length);
        foreach (var element in value)
        {
            writer.WriteByte(element is null ? (byte)0 : (byte)1);
            if (element is not null)
            {
                TCodec.Write(writer, element);
            }
        }
    }

    public static T[] Read(ref ByteReader reader)
    {
        var values = new T[reader.ReadCount()];
        for (var i = 0; i < values.Length && !reader.Failed; i++)
        {
            if (reader.ReadByte() != 0)
            {
                values[i] = TCodec.Read(ref reader);
            }
        }

        return values;
    }

    public static long HeapSize(T[] value)
    {
        long size = 24;
        foreach (var element in value)
        {
            size += 16 + (element is null ? 0 : TCodec.HeapSize(element));
        }

        return size;
    }

    public static T[] Copy(T[] value) => value.Length == 0 ? value : (T[])value.Clone();
}

internal readonly struct ListCodec<T, TCodec> : IValueCodec<List<T>>
    where TCodec : struct, IValueCodec<T>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ByteWriter writer, List<T> value) => ArrayCodec<T, TCodec>.Write(writer, [.. value]);

    public static List<T> Read(ref ByteReader reader) => [.. ArrayCodec<T, TCodec>.Read(ref reader)];

    public static long HeapSize(List<T> value) => 32 + ArrayCodec<T, TCodec>.HeapSize([.. value]);

    public static List<T> Copy(List<T> value) => [.. value];
}
