namespace FraiseQL.EfCore.State.Compiled;

/// <summary>
/// Remembers typed keys by their exact bytes, as <see cref="Keys.KeyMemo"/> remembers keys: a collision forgets the older one, whose query goes
/// the longer way once more. Lock-free.
/// </summary>
internal sealed class TypedKeys
{
    private const int Size = 1 << 14;
    private const int LongestRemembered = 2048;

    private readonly TypedKey?[] _slots = new TypedKey?[Size];

    public TypedKey? Find(ReadOnlySpan<byte> bytes, int hash)
    {
        var key = Volatile.Read(ref _slots[hash & (Size - 1)]);
        return key is not null && key.Hash == hash && bytes.SequenceEqual(key.Bytes) ? key : null;
    }

    public void Remember(TypedKey key)
    {
        if (key.Bytes.Length <= LongestRemembered)
        {
            Volatile.Write(ref _slots[key.Hash & (Size - 1)], key);
        }
    }
}
