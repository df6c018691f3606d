using System.IO.Hashing;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>
/// Finds the keys of what is in memory by their exact bytes, so that a hit neither hashes with SHA-256 nor allocates. A table of sets of eight
/// places that grows with what is in memory; a key that finds its set full takes the place of another one, which costs that one a little time
/// and never an answer.
/// </summary>
/// <remarks>Thread-safe. Finding takes no lock; who remembers or forgets has just read from the database.</remarks>
internal sealed class KeyMemo<TKey>
    where TKey : class, IMemoKey
{
    private const int Ways = 8;
    private const int Least = 1 << 10;
    private const int Most = 1 << 21;

    // Bounds the memory of queries with a parameter of many kilobytes: they do not notice that their key is hashed each time.
    private const int LongestRemembered = 2048;

    private readonly Lock _gate = new();
    private Table _table = new(Least);
    private int _count;

    public static int HashOf(ReadOnlySpan<byte> bytes) => (int)XxHash3.HashToUInt64(bytes);

    public TKey? Find(ReadOnlySpan<byte> bytes, int hash)
    {
        var table = Volatile.Read(ref _table);
        var set = table.SetOf(hash);
        for (var place = set; place < set + Ways; place++)
        {
            // The hashes stand side by side, the keys all over the memory.
            if (table.Hashes[place] == hash && Volatile.Read(ref table.Keys[place]) is { } key && key.Hash == hash && bytes.SequenceEqual(key.Bytes))
            {
                return key;
            }
        }

        return null;
    }

    public void Remember(TKey key)
    {
        if (key.Bytes.Length > LongestRemembered)
        {
            return;
        }

        lock (_gate)
        {
            if (_count > _table.Keys.Length / 2 && _table.Keys.Length < Most)
            {
                Grow();
            }

            _count += _table.Put(key) ? 1 : 0;
        }
    }

    /// <summary>What the key stands for has left memory.</summary>
    public void Forget(TKey key)
    {
        lock (_gate)
        {
            _count -= _table.Take(key) ? 1 : 0;
        }
    }

    private void Grow()
    {
        var table = new Table(_table.Keys.Length * 2);
        _count = 0;
        foreach (var key in _table.Keys)
        {
            _count += key is not null && table.Put(key) ? 1 : 0;
        }

        Volatile.Write(ref _table, table);
    }

    private sealed class Table(int size)
    {
        public int[] Hashes { get; } = new int[size];

        public TKey?[] Keys { get; } = new TKey?[size];

        public int SetOf(int hash) => hash & (Keys.Length - 1) & ~(Ways - 1);

        /// <summary>Answers whether there is one more than before.</summary>
        public bool Put(TKey key)
        {
            var set = SetOf(key.Hash);
            var free = -1;
            for (var place = set; place < set + Ways; place++)
            {
                if (Keys[place] is not { } other)
                {
                    free = free < 0 ? place : free;
                }
                else if (other.Hash == key.Hash && other.Bytes.AsSpan().SequenceEqual(key.Bytes))
                {
                    Volatile.Write(ref Keys[place], key);
                    return false;
                }
            }

            var at = free >= 0 ? free : set + (int)((uint)key.Hash >> 29);
            Hashes[at] = key.Hash;
            Volatile.Write(ref Keys[at], key);
            return free >= 0;
        }

        public bool Take(TKey key)
        {
            var set = SetOf(key.Hash);
            for (var place = set; place < set + Ways; place++)
            {
                if (Keys[place] is { } other && other.Hash == key.Hash && other.Bytes.AsSpan().SequenceEqual(key.Bytes))
                {
                    Volatile.Write(ref Keys[place], null);
                    return true;
                }
            }

            return false;
        }
    }
}
