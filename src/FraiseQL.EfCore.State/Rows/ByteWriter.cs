using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>Writes the little-endian primitives of the L2 payload. Spans are taken from the target in pieces; <see cref="Flush"/> hands over the last.</summary>
internal ref struct ByteWriter(IBufferWriter<byte> target)
{
    private const int LeastPiece = 256;

    private readonly IBufferWriter<byte> _target = target;
    private Span<byte> _piece;
    private int _used;

    /// <summary>Room for so many bytes, which the caller fills.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_piece.Length - _used < count)
        {
            NextPiece(count);
        }

        var reserved = _piece.Slice(_used, count);
        _used += count;
        return reserved;
    }

    public void WriteByte(byte value) => Reserve(1)[0] = value;

    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16LittleEndian(Reserve(2), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);

    public void WriteDouble(double value) => WriteInt64(BitConverter.DoubleToInt64Bits(value));

    public void WriteCount(int value) => PutCount(Reserve(SizeOfCount(value)), value);

    public void WriteBytes(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <exception cref="InvalidDataException">The text is not valid Unicode: it would not come back as it was.</exception>
    public void WriteString(string value)
    {
        // The length stands before the text and is known after it: mostly as many bytes as there are characters.
        var room = SizeOfCount(value.Length);
        var most = 5 + (3 * value.Length);
        var span = Reserve(most);
        if (Utf8.FromUtf16(value, span[room..], out _, out var written, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            throw new InvalidDataException("Text with an unpaired surrogate has no exact form in UTF-8.");
        }

        var size = SizeOfCount(written);
        if (size != room)
        {
            span.Slice(room, written).CopyTo(span[size..]);
        }

        PutCount(span, written);
        _used -= most - size - written;
    }

    /// <summary>Makes everything that was written part of the target.</summary>
    public void Flush()
    {
        if (_used > 0)
        {
            _target.Advance(_used);
        }

        _piece = default;
        _used = 0;
    }

    private static int SizeOfCount(int value) => value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;

    private static void PutCount(Span<byte> span, int value)
    {
        var rest = (uint)value;
        var written = 0;
        while (rest >= 0x80)
        {
            span[written++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        span[written] = (byte)rest;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void NextPiece(int count)
    {
        Flush();
        _piece = _target.GetSpan(Math.Max(count, LeastPiece));
    }
}
