using System.Buffers.Binary;

namespace FraiseQL.EfCore.State.Rows;

internal readonly struct StringCodec : IValueCodec<string>
{
    public static int LeastSize => 1;

    public static void Write(ref ByteWriter writer, string value) => writer.WriteString(value);

    public static string Read(ref ByteReader reader) => reader.ReadString();

    // Header, type, length and the final NUL, in words of 8 bytes.
    public static long HeapSize(string value) => (22 + (2L * value.Length) + 7) & ~7L;
}

internal readonly struct GuidCodec : IValueCodec<Guid>
{
    public static int LeastSize => 16;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        writer.WriteBytes(bytes);
    }

    public static Guid Read(ref ByteReader reader) => reader.Take(16) is { IsEmpty: false } bytes ? new Guid(bytes) : Guid.Empty;
}

internal readonly struct DecimalCodec : IValueCodec<decimal>
{
    public static int LeastSize => 16;

    public static void Write(ref ByteWriter writer, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var bytes = writer.Reserve(16);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bits[0]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], bits[1]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], bits[2]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], bits[3]);
    }

    // The scale is kept: 1.0 and 1.00 come back as they were.
    public static decimal Read(ref ByteReader reader)
        => new([reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32()]);
}

internal readonly struct DateTimeCodec : IValueCodec<DateTime>
{
    public static int LeastSize => 9;

    // Not ToBinary: it converts local times, and the kind must come back as it was.
    public static void Write(ref ByteWriter writer, DateTime value)
    {
        var bytes = writer.Reserve(9);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value.Ticks);
        bytes[8] = (byte)value.Kind;
    }

    public static bool TryWriteAll(ref ByteWriter writer, ReadOnlySpan<DateTime> values)
    {
        var bytes = writer.Reserve(values.Length * 9);
        foreach (var value in values)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value.Ticks);
            bytes[8] = (byte)value.Kind;
            bytes = bytes[9..];
        }

        return true;
    }

    public static DateTime Read(ref ByteReader reader) => new(reader.ReadInt64(), (DateTimeKind)reader.ReadByte());
}

internal readonly struct DateTimeOffsetCodec : IValueCodec<DateTimeOffset>
{
    public static int LeastSize => 10;

    public static void Write(ref ByteWriter writer, DateTimeOffset value)
    {
        writer.WriteInt64(value.Ticks);
        writer.WriteInt16((short)value.TotalOffsetMinutes);
    }

    public static DateTimeOffset Read(ref ByteReader reader) => new(reader.ReadInt64(), TimeSpan.FromMinutes(reader.ReadInt16()));
}

internal readonly struct BytesCodec : IValueCodec<byte[]>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, byte[] value)
    {
        writer.WriteCount(value.Length);
        writer.WriteBytes(value);
    }

    public static byte[] Read(ref ByteReader reader)
    {
        var length = reader.ReadCount();
        return reader.Take(length).ToArray();
    }

    public static long HeapSize(byte[] value) => (24L + value.Length + 7) & ~7L;

    public static byte[] Copy(byte[] value) => value.Length == 0 ? value : (byte[])value.Clone();
}
