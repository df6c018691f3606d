using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>Writes the little-endian primitives of the L2 payload into a buffer writer.</summary>
internal readonly ref struct ByteWriter(IBufferWriter<byte> target)
{
    private readonly IBufferWriter<byte> _target = target;

    public void WriteByte(byte value)
    {
        _target.GetSpan(1)[0] = value;
        _target.Advance(1);
    }

    public void WriteInt16(short value)
    {
        BinaryPrimitives.WriteInt16LittleEndian(_target.GetSpan(2), value);
        _target.Advance(2);
    }

    public void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_target.GetSpan(4), value);
        _target.Advance(4);
    }

    public void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_target.GetSpan(8), value);
        _target.Advance(8);
    }

    public void WriteCount(int value)
    {
        var rest = (uint)value;
        var span = _target.GetSpan(5);
        var written = 0;
        while (rest >= 0x80)
        {
            span[written++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        span[written++] = (byte)rest;
        _target.Advance(written);
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes) => _target.Write(bytes);

    public void WriteString(string value)
    {
        WriteCount(Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _target);
    }
}
