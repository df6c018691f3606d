using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Rows;

// Types that Npgsql defines.

internal readonly struct InetCodec : IValueCodec<NpgsqlInet>
{
    public static int LeastSize => 6;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, NpgsqlInet value)
    {
        IPAddressCodec.Write(ref writer, value.Address);
        writer.WriteByte(value.Netmask);
    }

    public static NpgsqlInet Read(ref ByteReader reader) => new(IPAddressCodec.Read(ref reader), reader.ReadByte());

    public static long HeapSize(NpgsqlInet value) => IPAddressCodec.HeapSize(value.Address);

    public static NpgsqlInet Copy(NpgsqlInet value) => new(IPAddressCodec.Copy(value.Address), value.Netmask);
}

#pragma warning disable CS0618 // Npgsql prefers IPNetwork, and goes on mapping this one.
internal readonly struct CidrCodec : IValueCodec<NpgsqlCidr>
{
    public static int LeastSize => 6;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, NpgsqlCidr value)
    {
        IPAddressCodec.Write(ref writer, value.Address);
        writer.WriteByte(value.Netmask);
    }

    public static NpgsqlCidr Read(ref ByteReader reader) => new(IPAddressCodec.Read(ref reader), reader.ReadByte());

    public static long HeapSize(NpgsqlCidr value) => IPAddressCodec.HeapSize(value.Address);

    public static NpgsqlCidr Copy(NpgsqlCidr value) => new(IPAddressCodec.Copy(value.Address), value.Netmask);
}
#pragma warning restore CS0618

internal readonly struct LogSequenceNumberCodec : IValueCodec<NpgsqlLogSequenceNumber>
{
    public static int LeastSize => 8;

    public static void Write(ref ByteWriter writer, NpgsqlLogSequenceNumber value) => writer.WriteInt64((long)(ulong)value);

    public static NpgsqlLogSequenceNumber Read(ref ByteReader reader) => new((ulong)reader.ReadInt64());
}

internal readonly struct TidCodec : IValueCodec<NpgsqlTid>
{
    public static int LeastSize => 6;

    public static void Write(ref ByteWriter writer, NpgsqlTid value)
    {
        writer.WriteInt32((int)value.BlockNumber);
        writer.WriteInt16((short)value.OffsetNumber);
    }

    public static NpgsqlTid Read(ref ByteReader reader) => new((uint)reader.ReadInt32(), (ushort)reader.ReadInt16());
}

internal readonly struct IntervalCodec : IValueCodec<NpgsqlInterval>
{
    public static int LeastSize => 16;

    public static void Write(ref ByteWriter writer, NpgsqlInterval value)
    {
        writer.WriteInt32(value.Months);
        writer.WriteInt32(value.Days);
        writer.WriteInt64(value.Time);
    }

    public static NpgsqlInterval Read(ref ByteReader reader) => new(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64());
}

internal readonly struct RangeCodec<T, TCodec> : IValueCodec<NpgsqlRange<T>>
    where T : struct
    where TCodec : struct, IValueCodec<T>
{
    private const byte Empty = 1;
    private const byte LowerInclusive = 2;
    private const byte UpperInclusive = 4;
    private const byte LowerInfinite = 8;
    private const byte UpperInfinite = 16;

    public static int LeastSize => 1;

    public static bool IsMutable => TCodec.IsMutable;

    public static bool IsShareable => TCodec.IsShareable;

    public static void Write(ref ByteWriter writer, NpgsqlRange<T> value)
    {
        var flags = (value.IsEmpty ? Empty : 0) | (value.LowerBoundIsInclusive ? LowerInclusive : 0) | (value.UpperBoundIsInclusive ? UpperInclusive : 0)
            | (value.LowerBoundInfinite ? LowerInfinite : 0) | (value.UpperBoundInfinite ? UpperInfinite : 0);
        writer.WriteByte((byte)flags);
        if ((flags & (Empty | LowerInfinite)) == 0)
        {
            TCodec.Write(ref writer, value.LowerBound);
        }

        if ((flags & (Empty | UpperInfinite)) == 0)
        {
            TCodec.Write(ref writer, value.UpperBound);
        }
    }

    public static NpgsqlRange<T> Read(ref ByteReader reader)
    {
        var flags = reader.ReadByte();
        if ((flags & Empty) != 0)
        {
            return NpgsqlRange<T>.Empty;
        }

        var lower = (flags & LowerInfinite) == 0 ? TCodec.Read(ref reader) : default;
        var upper = (flags & UpperInfinite) == 0 ? TCodec.Read(ref reader) : default;
        return new NpgsqlRange<T>(
            lower, (flags & LowerInclusive) != 0, (flags & LowerInfinite) != 0, upper, (flags & UpperInclusive) != 0, (flags & UpperInfinite) != 0);
    }

    public static long HeapSize(NpgsqlRange<T> value) => TCodec.HeapSize(value.LowerBound) + TCodec.HeapSize(value.UpperBound);
}
