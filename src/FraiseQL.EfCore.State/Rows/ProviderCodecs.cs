using System.Collections;
using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Numerics;

namespace FraiseQL.EfCore.State.Rows;

// Types of the base library that PostgreSQL's types are read as. Whatever a constructor refuses is an exception, and that a miss.

internal readonly struct BigIntegerCodec : IValueCodec<BigInteger>
{
    public static int LeastSize => 2;

    public static void Write(ref ByteWriter writer, BigInteger value)
    {
        var bytes = value.ToByteArray();
        writer.WriteCount(bytes.Length);
        writer.WriteBytes(bytes);
    }

    public static BigInteger Read(ref ByteReader reader) => new(reader.Take(reader.ReadCount()));

    public static long HeapSize(BigInteger value) => value.GetBitLength() < 32 ? 0 : (24 + (value.GetBitLength() / 8) + 7) & ~7L;
}

/// <summary>An address's scope can be set, so each caller gets one of its own.</summary>
internal readonly struct IPAddressCodec : IValueCodec<IPAddress>
{
    public static int LeastSize => 5;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, IPAddress value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, out var length);
        writer.WriteByte((byte)length);
        writer.WriteBytes(bytes[..length]);
        if (length == 16)
        {
            writer.WriteInt64(value.ScopeId);
        }
    }

    public static IPAddress Read(ref ByteReader reader)
    {
        var length = reader.ReadByte();
        var bytes = reader.Take(length);
        return length == 16 && !reader.Failed ? new IPAddress(bytes, reader.ReadInt64()) : new IPAddress(bytes);
    }

    public static long HeapSize(IPAddress value) => value.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? 80 : 40;

    public static IPAddress Copy(IPAddress value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, out var length);
        return length == 16 ? new IPAddress(bytes, value.ScopeId) : new IPAddress(bytes[..length]);
    }
}

internal readonly struct IPNetworkCodec : IValueCodec<IPNetwork>
{
    public static int LeastSize => 6;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, IPNetwork value)
    {
        IPAddressCodec.Write(ref writer, value.BaseAddress);
        writer.WriteByte((byte)value.PrefixLength);
    }

    public static IPNetwork Read(ref ByteReader reader) => new(IPAddressCodec.Read(ref reader), reader.ReadByte());

    public static long HeapSize(IPNetwork value) => IPAddressCodec.HeapSize(value.BaseAddress);

    public static IPNetwork Copy(IPNetwork value) => new(IPAddressCodec.Copy(value.BaseAddress), value.PrefixLength);
}

internal readonly struct PhysicalAddressCodec : IValueCodec<PhysicalAddress>
{
    public static int LeastSize => 1;

    public static void Write(ref ByteWriter writer, PhysicalAddress value) => BytesCodec.Write(ref writer, value.GetAddressBytes());

    public static PhysicalAddress Read(ref ByteReader reader) => new(BytesCodec.Read(ref reader));

    public static long HeapSize(PhysicalAddress value) => 64;
}

internal readonly struct BitArrayCodec : IValueCodec<BitArray>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, BitArray value)
    {
        var bytes = new byte[(value.Length + 7) / 8];
        value.CopyTo(bytes, 0);
        writer.WriteCount(value.Length);
        writer.WriteBytes(bytes);
    }

    public static BitArray Read(ref ByteReader reader)
    {
        var length = reader.ReadVarUInt32();
        if (length > (uint)reader.Remaining * 8L)
        {
            reader.Fail();
            return new BitArray(0);
        }

        return new BitArray(reader.Take((int)((length + 7) / 8)).ToArray()) { Length = (int)length };
    }

    public static long HeapSize(BitArray value) => 56 + ((value.Length + 31) / 32 * 4);

    public static BitArray Copy(BitArray value) => new(value);
}

/// <summary>What hstore is read as; the order of the pairs is kept.</summary>
internal readonly struct DictionaryCodec : IValueCodec<Dictionary<string, string?>>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, Dictionary<string, string?> value)
    {
        if (!Equals(value.Comparer, EqualityComparer<string>.Default))
        {
            throw new NotSupportedException("A dictionary with a comparer of its own has no exact form.");
        }

        writer.WriteCount(value.Count);
        foreach (var pair in value)
        {
            WritePair(ref writer, pair);
        }
    }

    public static Dictionary<string, string?> Read(ref ByteReader reader)
    {
        var count = reader.ReadCount(leastElementSize: 2);
        var pairs = new Dictionary<string, string?>(count);
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var (key, value) = ReadPair(ref reader);
            pairs.Add(key, value);
        }

        return pairs;
    }

    public static void WritePair(ref ByteWriter writer, KeyValuePair<string, string?> pair)
    {
        writer.WriteString(pair.Key);
        ArrayCodec<string, StringCodec>.WriteElement(ref writer, pair.Value!);
    }

    public static KeyValuePair<string, string?> ReadPair(ref ByteReader reader)
        => new(reader.ReadString(), ArrayCodec<string, StringCodec>.ReadElement(ref reader));

    public static long HeapSize(Dictionary<string, string?> value) => 80 + 48 + (value.Capacity * 28L) + SizeOf(value);

    public static long SizeOf(IEnumerable<KeyValuePair<string, string?>> pairs)
    {
        long size = 0;
        foreach (var (key, value) in pairs)
        {
            size += StringCodec.HeapSize(key) + (value is null ? 0 : StringCodec.HeapSize(value));
        }

        return size;
    }

    public static Dictionary<string, string?> Copy(Dictionary<string, string?> value) => new(value, value.Comparer);
}

/// <summary>Written in the order of its keys, as its own order differs from process to process.</summary>
internal readonly struct ImmutableDictionaryCodec : IValueCodec<ImmutableDictionary<string, string?>>
{
    public static int LeastSize => 1;

    public static void Write(ref ByteWriter writer, ImmutableDictionary<string, string?> value)
    {
        if (!Equals(value.KeyComparer, EqualityComparer<string>.Default))
        {
            throw new NotSupportedException("A dictionary with a comparer of its own has no exact form.");
        }

        writer.WriteCount(value.Count);
        foreach (var pair in value.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            DictionaryCodec.WritePair(ref writer, pair);
        }
    }

    public static ImmutableDictionary<string, string?> Read(ref ByteReader reader)
        => ImmutableDictionary.CreateRange(DictionaryCodec.Read(ref reader));

    public static long HeapSize(ImmutableDictionary<string, string?> value) => 80 + (value.Count * 88L) + DictionaryCodec.SizeOf(value);
}
