using System.IO.Hashing;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>
/// Remembers recent keys by their exact bytes, so that a hit neither hashes with SHA-256 nor allocates. A direct-mapped table:
/// a collision forgets the older key, which costs a little time and never an answer. Lock-free.
/// </summary>
internal sealed class KeyMemo
{
    private const int Size = 1 << 14;

    // Bounds the table's memory: a query with a parameter of many kilobytes does not notice that its key is hashed each time.
    private const int LongestRemembered = 2048;

    private readonly CacheKey?[] _slots = new CacheKey?[Size];

    public static int HashOf(ReadOnlySpan<byte> bytes) => (int)XxHash3.HashToUInt64(bytes);

    public CacheKey? Find(ReadOnlySpan<byte> bytes, int hash)
    {
        var key = Volatile.Read(ref _slots[hash & (Size - 1)]);
        return key is not null && key.Hash == hash && bytes.SequenceEqual(key.Bytes) ? key : null;
    }

    public void Remember(CacheKey key)
    {
        if (key.Bytes.Length <= LongestRemembered)
        {
            Volatile.Write(ref _slots[key.Hash & (Size - 1)], key);
        }
    }
}
