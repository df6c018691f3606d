using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>Reads untrusted bytes. Every read is checked; the first impossible one makes <see cref="Failed"/> true and everything after it empty.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    public bool Failed { get; private set; }

    public readonly int Remaining => _rest.Length;

    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            Fail();
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public byte ReadByte()
    {
        var taken = Take(1);
        return taken.IsEmpty ? (byte)0 : taken[0];
    }

    public short ReadInt16() => Take(2) is { IsEmpty: false } b ? BinaryPrimitives.ReadInt16LittleEndian(b) : (short)0;

    public int ReadInt32() => Take(4) is { IsEmpty: false } b ? BinaryPrimitives.ReadInt32LittleEndian(b) : 0;

    public long ReadInt64() => Take(8) is { IsEmpty: false } b ? BinaryPrimitives.ReadInt64LittleEndian(b) : 0;

    /// <summary>A length or count: at most as large as the bytes that are left, given the least size of one element.</summary>
    public int ReadCount(int leastElementSize = 1)
    {
        var value = ReadVarUInt32();
        if (value > int.MaxValue || (long)value * leastElementSize > _rest.Length)
        {
            Fail();
            return 0;
        }

        return (int)value;
    }

    public uint ReadVarUInt32()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = ReadByte();
            value |= (uint)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }

        Fail();
        return 0;
    }

    public double ReadDouble() => BitConverter.Int64BitsToDouble(ReadInt64());

    /// <summary>Text in its UTF-8 form.</summary>
    public ReadOnlySpan<byte> ReadUtf8() => Take(ReadCount());

    public string ReadString() => Text(ReadUtf8());

    /// <exception cref="ArgumentException">The bytes are not UTF-8.</exception>
    public static string Text(ReadOnlySpan<byte> utf8) => s_strict.GetString(utf8);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Fail()
    {
        Failed = true;
        _rest = default;
    }
}
