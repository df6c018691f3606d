namespace FraiseQL.EfCore.State;

/// <summary>What leaves this process's memory when it is full.</summary>
public enum L1Eviction
{
    /// <summary>
    /// CLOCK, also called second chance: an entry leaves when nobody has used it since the hand last passed. It approximates least recently used with one
    /// bit an entry, and a hit on an entry in use writes nothing.
    /// </summary>
    Clock,

    /// <summary>Exactly the least recently used entry. Each hit writes a line that all processors share, and each entry takes about 50 bytes more.</summary>
    Lru,
}
