using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>
/// Collects the canonical bytes of a key on the stack, moving to a pooled array when they do not fit.
/// Every value is written with a type tag and, where it varies, its length, so that no two different lists of values share their bytes.
/// </summary>
internal ref struct KeyWriter(Span<byte> scratch)
{
    private Span<byte> _buffer = scratch;
    private byte[]? _rented;
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    public readonly int Length => _length;

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void Int16(short value) => BinaryPrimitives.WriteInt16LittleEndian(Reserve(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);

    /// <summary>Writes over a number that was written before it was known.</summary>
    public readonly void PutInt32(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(_buffer.Slice(at, 4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);

    public void Bytes(scoped ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <summary>The exact UTF-16 code units, also of text that is not valid Unicode, behind their count.</summary>
    public void Text(scoped ReadOnlySpan<char> value)
    {
        Int32(value.Length);
        Bytes(MemoryMarshal.AsBytes(value));
    }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }
    }

    private Span<byte> Reserve(int count)
    {
        var start = _length;
        if (_buffer.Length - start < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, start + count));
            Written.CopyTo(larger);
            Dispose();
            _rented = larger;
            _buffer = larger;
        }

        _length = start + count;
        return _buffer.Slice(start, count);
    }
}
