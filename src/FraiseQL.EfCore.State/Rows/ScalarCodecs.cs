namespace FraiseQL.EfCore.State.Rows;

// One codec a type, all alike: the family is kept in one file on purpose.
// Values that a type cannot hold (a day number out of range) throw; EntrySerializer turns any exception into a miss.

internal readonly struct BooleanCodec : IValueCodec<bool>
{
    public static int LeastSize => 1;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, bool value) => writer.WriteByte(value ? (byte)1 : (byte)0);

    public static bool Read(ref ByteReader reader) => reader.ReadByte() != 0;

    public static long HeapSize(bool value) => 0;

    public static bool Copy(bool value) => value;
}

internal readonly struct ByteCodec : IValueCodec<byte>
{
    public static int LeastSize => 1;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, byte value) => writer.WriteByte(value);

    public static byte Read(ref ByteReader reader) => reader.ReadByte();

    public static long HeapSize(byte value) => 0;

    public static byte Copy(byte value) => value;
}

internal readonly struct SByteCodec : IValueCodec<sbyte>
{
    public static int LeastSize => 1;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, sbyte value) => writer.WriteByte((byte)value);

    public static sbyte Read(ref ByteReader reader) => (sbyte)reader.ReadByte();

    public static long HeapSize(sbyte value) => 0;

    public static sbyte Copy(sbyte value) => value;
}

internal readonly struct Int16Codec : IValueCodec<short>
{
    public static int LeastSize => 2;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, short value) => writer.WriteInt16(value);

    public static short Read(ref ByteReader reader) => reader.ReadInt16();

    public static long HeapSize(short value) => 0;

    public static short Copy(short value) => value;
}

internal readonly struct UInt16Codec : IValueCodec<ushort>
{
    public static int LeastSize => 2;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, ushort value) => writer.WriteInt16((short)value);

    public static ushort Read(ref ByteReader reader) => (ushort)reader.ReadInt16();

    public static long HeapSize(ushort value) => 0;

    public static ushort Copy(ushort value) => value;
}

internal readonly struct Int32Codec : IValueCodec<int>
{
    public static int LeastSize => 4;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, int value) => writer.WriteInt32(value);

    public static int Read(ref ByteReader reader) => reader.ReadInt32();

    public static long HeapSize(int value) => 0;

    public static int Copy(int value) => value;
}

internal readonly struct UInt32Codec : IValueCodec<uint>
{
    public static int LeastSize => 4;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, uint value) => writer.WriteInt32((int)value);

    public static uint Read(ref ByteReader reader) => (uint)reader.ReadInt32();

    public static long HeapSize(uint value) => 0;

    public static uint Copy(uint value) => value;
}

internal readonly struct Int64Codec : IValueCodec<long>
{
    public static int LeastSize => 8;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, long value) => writer.WriteInt64(value);

    public static long Read(ref ByteReader reader) => reader.ReadInt64();

    public static long HeapSize(long value) => 0;

    public static long Copy(long value) => value;
}

internal readonly struct UInt64Codec : IValueCodec<ulong>
{
    public static int LeastSize => 8;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, ulong value) => writer.WriteInt64((long)value);

    public static ulong Read(ref ByteReader reader) => (ulong)reader.ReadInt64();

    public static long HeapSize(ulong value) => 0;

    public static ulong Copy(ulong value) => value;
}

internal readonly struct SingleCodec : IValueCodec<float>
{
    public static int LeastSize => 4;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, float value) => writer.WriteInt32(BitConverter.SingleToInt32Bits(value));

    public static float Read(ref ByteReader reader) => BitConverter.Int32BitsToSingle(reader.ReadInt32());

    public static long HeapSize(float value) => 0;

    public static float Copy(float value) => value;
}

internal readonly struct DoubleCodec : IValueCodec<double>
{
    public static int LeastSize => 8;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, double value) => writer.WriteInt64(BitConverter.DoubleToInt64Bits(value));

    public static double Read(ref ByteReader reader) => BitConverter.Int64BitsToDouble(reader.ReadInt64());

    public static long HeapSize(double value) => 0;

    public static double Copy(double value) => value;
}

internal readonly struct CharCodec : IValueCodec<char>
{
    public static int LeastSize => 2;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, char value) => writer.WriteInt16((short)value);

    public static char Read(ref ByteReader reader) => (char)(ushort)reader.ReadInt16();

    public static long HeapSize(char value) => 0;

    public static char Copy(char value) => value;
}

internal readonly struct DateOnlyCodec : IValueCodec<DateOnly>
{
    public static int LeastSize => 4;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, DateOnly value) => writer.WriteInt32(value.DayNumber);

    public static DateOnly Read(ref ByteReader reader) => DateOnly.FromDayNumber(reader.ReadInt32());

    public static long HeapSize(DateOnly value) => 0;

    public static DateOnly Copy(DateOnly value) => value;
}

internal readonly struct TimeOnlyCodec : IValueCodec<TimeOnly>
{
    public static int LeastSize => 8;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, TimeOnly value) => writer.WriteInt64(value.Ticks);

    public static TimeOnly Read(ref ByteReader reader) => new(reader.ReadInt64());

    public static long HeapSize(TimeOnly value) => 0;

    public static TimeOnly Copy(TimeOnly value) => value;
}

internal readonly struct TimeSpanCodec : IValueCodec<TimeSpan>
{
    public static int LeastSize => 8;

    public static bool IsMutable => false;

    public static void Write(ByteWriter writer, TimeSpan value) => writer.WriteInt64(value.Ticks);

    public static TimeSpan Read(ref ByteReader reader) => new(reader.ReadInt64());

    public static long HeapSize(TimeSpan value) => 0;

    public static TimeSpan Copy(TimeSpan value) => value;
}
