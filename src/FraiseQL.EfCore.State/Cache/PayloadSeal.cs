using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// 16 bytes before each payload which bind it to its key: an answer that is damaged, or belongs to another key because a connection lost its
/// place, is a miss. Against somebody who may write to the server it is no protection; nothing on that server is.
/// </summary>
internal static class PayloadSeal
{
    public const int Size = 16;

    /// <summary>Fills in the first <see cref="Size"/> bytes, which the rest follows.</summary>
    public static void Close(Span<byte> payload, string key)
        => BinaryPrimitives.WriteUInt128LittleEndian(payload, Of(payload[Size..], key));

    public static bool IsIntact(ReadOnlySpan<byte> payload, string key)
        => payload.Length > Size && BinaryPrimitives.ReadUInt128LittleEndian(payload) == Of(payload[Size..], key);

    private static UInt128 Of(ReadOnlySpan<byte> content, string key)
        => XxHash128.HashToUInt128(content, (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key.AsSpan())));
}
