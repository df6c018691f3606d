using System.ComponentModel;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// A cached result with the proof of its freshness. Everything that callers see is immutable;
/// <see cref="ValidatedEpoch"/> is this node's note of how far it has been checked, and only grows.
/// </summary>
[ImmutableObject(true)]
internal sealed class CachedEntry
{
    /// <summary>The epoch of an entry that came from another node: nothing is known about it here yet.</summary>
    public const long NeverValidated = -1;

    private long _validatedEpoch;

    public CachedEntry(RowSet rows, PgSnapshot? snapshot, DateTimeOffset createdAt, TimeSpan ttl, long validatedEpoch)
    {
        Rows = rows;
        Snapshot = snapshot;
        CreatedAt = createdAt;
        Ttl = ttl;
        _validatedEpoch = validatedEpoch;
    }

    public RowSet Rows { get; }

    /// <summary>
    /// A snapshot that the rows' own snapshot contains; <see langword="null"/> when the node does not listen, and then the entry
    /// is of use to no other node.
    /// </summary>
    public PgSnapshot? Snapshot { get; }

    /// <summary>When the query began, by this node's clock. Bounds the time to live; never decides freshness.</summary>
    public DateTimeOffset CreatedAt { get; }

    public TimeSpan Ttl { get; }

    /// <summary>Every bump of the entry's cells at or before this epoch is known to be reflected in the rows.</summary>
    public long ValidatedEpoch => Volatile.Read(ref _validatedEpoch);

    /// <summary>Bytes on the heap, for the bound of L1.</summary>
    public long HeapSize => Rows.HeapSize + 120 + ((Snapshot?.InProgress.Length ?? 0) * 8);

    public void ValidatedThrough(long epoch)
    {
        var seen = Volatile.Read(ref _validatedEpoch);
        while (seen < epoch)
        {
            var before = Interlocked.CompareExchange(ref _validatedEpoch, epoch, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
