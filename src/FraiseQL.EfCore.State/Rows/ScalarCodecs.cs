namespace FraiseQL.EfCore.State.Rows;

// One codec a type, all alike: the family is kept in one file on purpose.
// Values that a type cannot hold (a day number out of range) throw; EntrySerializer turns any exception into a miss.

internal readonly struct BooleanCodec : IValueCodec<bool>
{
    public static int LeastSize => 1;

    public static void Write(ref ByteWriter writer, bool value) => writer.WriteByte(value ? (byte)1 : (byte)0);

    public static bool TryWriteAll(ref ByteWriter writer, ReadOnlySpan<bool> values)
    {
        var bytes = writer.Reserve(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            bytes[i] = values[i] ? (byte)1 : (byte)0;
        }

        return true;
    }

    public static bool Read(ref ByteReader reader) => reader.ReadByte() != 0;
}

internal readonly struct ByteCodec : IValueCodec<byte>
{
    public static int LeastSize => 1;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, byte value) => writer.WriteByte(value);

    public static byte Read(ref ByteReader reader) => reader.ReadByte();
}

internal readonly struct SByteCodec : IValueCodec<sbyte>
{
    public static int LeastSize => 1;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, sbyte value) => writer.WriteByte((byte)value);

    public static sbyte Read(ref ByteReader reader) => (sbyte)reader.ReadByte();
}

internal readonly struct Int16Codec : IValueCodec<short>
{
    public static int LeastSize => 2;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, short value) => writer.WriteInt16(value);

    public static short Read(ref ByteReader reader) => reader.ReadInt16();
}

internal readonly struct UInt16Codec : IValueCodec<ushort>
{
    public static int LeastSize => 2;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, ushort value) => writer.WriteInt16((short)value);

    public static ushort Read(ref ByteReader reader) => (ushort)reader.ReadInt16();
}

internal readonly struct Int32Codec : IValueCodec<int>
{
    public static int LeastSize => 4;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, int value) => writer.WriteInt32(value);

    public static int Read(ref ByteReader reader) => reader.ReadInt32();
}

internal readonly struct UInt32Codec : IValueCodec<uint>
{
    public static int LeastSize => 4;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, uint value) => writer.WriteInt32((int)value);

    public static uint Read(ref ByteReader reader) => (uint)reader.ReadInt32();
}

internal readonly struct Int64Codec : IValueCodec<long>
{
    public static int LeastSize => 8;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, long value) => writer.WriteInt64(value);

    public static long Read(ref ByteReader reader) => reader.ReadInt64();
}

internal readonly struct UInt64Codec : IValueCodec<ulong>
{
    public static int LeastSize => 8;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, ulong value) => writer.WriteInt64((long)value);

    public static ulong Read(ref ByteReader reader) => (ulong)reader.ReadInt64();
}

internal readonly struct SingleCodec : IValueCodec<float>
{
    public static int LeastSize => 4;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, float value) => writer.WriteInt32(BitConverter.SingleToInt32Bits(value));

    public static float Read(ref ByteReader reader) => BitConverter.Int32BitsToSingle(reader.ReadInt32());
}

internal readonly struct DoubleCodec : IValueCodec<double>
{
    public static int LeastSize => 8;

    public static bool IsRaw => true;

    public static void Write(ref ByteWriter writer, double value) => writer.WriteInt64(BitConverter.DoubleToInt64Bits(value));

    public static double Read(ref ByteReader reader) => BitConverter.Int64BitsToDouble(reader.ReadInt64());
}

internal readonly struct CharCodec : IValueCodec<char>
{
    public static int LeastSize => 2;

    public static void Write(ref ByteWriter writer, char value) => writer.WriteInt16((short)value);

    public static char Read(ref ByteReader reader) => (char)(ushort)reader.ReadInt16();
}

internal readonly struct DateOnlyCodec : IValueCodec<DateOnly>
{
    public static int LeastSize => 4;

    public static void Write(ref ByteWriter writer, DateOnly value) => writer.WriteInt32(value.DayNumber);

    public static DateOnly Read(ref ByteReader reader) => DateOnly.FromDayNumber(reader.ReadInt32());
}

internal readonly struct TimeOnlyCodec : IValueCodec<TimeOnly>
{
    public static int LeastSize => 8;

    public static void Write(ref ByteWriter writer, TimeOnly value) => writer.WriteInt64(value.Ticks);

    public static TimeOnly Read(ref ByteReader reader) => new(reader.ReadInt64());
}

internal readonly struct TimeSpanCodec : IValueCodec<TimeSpan>
{
    public static int LeastSize => 8;

    public static void Write(ref ByteWriter writer, TimeSpan value) => writer.WriteInt64(value.Ticks);

    public static TimeSpan Read(ref ByteReader reader) => new(reader.ReadInt64());
}
