using System.ComponentModel;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Statistics;

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

    // More than a few only if one query is compiled again and again.
    private const int MostShared = 8;

    private long _validatedEpoch;
    private SharedValue? _shared;
    private long _usedAt;
    private long _freshAt = long.MinValue;
    private long _servedUntil;
    private int _endNoted;

    public CachedEntry(RowSet rows, PgSnapshot? snapshot, DateTimeOffset createdAt, TimeSpan ttl, long validatedEpoch, QueryBundle? bundle = null)
    {
        Rows = rows;
        Bundle = bundle;
        Snapshot = snapshot;
        CreatedAt = createdAt;
        Ttl = ttl;
        _validatedEpoch = validatedEpoch;
    }

    public RowSet Rows { get; }

    /// <summary>The results of a split query's further commands; <see langword="null"/> for a query that is one command.</summary>
    public QueryBundle? Bundle { get; }

    /// <summary>
    /// A snapshot that the rows' own snapshot contains; <see langword="null"/> when the node does not listen, and then the entry
    /// is of use to no other node.
    /// </summary>
    public PgSnapshot? Snapshot { get; }

    /// <summary>When the query began, by this node's clock. Bounds the time to live; never decides freshness.</summary>
    public DateTimeOffset CreatedAt { get; }

    public TimeSpan Ttl { get; }

    /// <summary>Where the query is counted that it answers; set before memory has it.</summary>
    public QueryTally? Tally { get; set; }

    /// <summary>True the first time: an entry ends once, whoever finds it first.</summary>
    public bool TryNoteEnd() => Interlocked.Exchange(ref _endNoted, 1) == 0;

    /// <summary>
    /// Until when memory may serve it, if memory keeps it beyond that, for callers with fail-safe; <see langword="null"/> when it is gone then.
    /// </summary>
    public DateTimeOffset? ServedUntil => Volatile.Read(ref _servedUntil) is var ticks and not 0 ? new(ticks, TimeSpan.Zero) : null;

    public void ServeUntil(DateTimeOffset end) => Volatile.Write(ref _servedUntil, end.UtcTicks);

    /// <summary>Every bump of the entry's cells at or before this epoch is known to be reflected in the rows.</summary>
    public long ValidatedEpoch => Volatile.Read(ref _validatedEpoch);

    /// <summary>Whether every result has a wire form, so that another node can read it.</summary>
    public bool IsShareable => Rows.IsShareable && (Bundle is null || Array.TrueForAll(Bundle.Parts, p => p.Rows.IsShareable));

    /// <summary>Bytes on the heap, for the bound of L1.</summary>
    public long HeapSize => Rows.HeapSize + 120 + (Bundle?.HeapSize ?? 0) + ((Snapshot?.InProgress.Length ?? 0) * 8);

    /// <summary>When the entry was last served to a query whose entries end when nobody asks; its creation before that.</summary>
    public DateTimeOffset UsedAt => Volatile.Read(ref _usedAt) is var ticks and not 0 ? new(ticks, TimeSpan.Zero) : CreatedAt;

    public void Used(DateTimeOffset at) => Volatile.Write(ref _usedAt, at.UtcTicks);

    /// <summary>
    /// A timestamp: everything that was committed before it is reflected in the rows. <see cref="long.MinValue"/> when nobody has noted one.
    /// </summary>
    public long FreshAt => Volatile.Read(ref _freshAt);

    /// <summary>Notes that the entry was proven fresh. Whichever thread wrote last is right.</summary>
    public void SeenFresh(long at) => Volatile.Write(ref _freshAt, at);

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

    /// <summary>The object that was made from these rows for the owner, if it was.</summary>
    public object? SharedWith(object owner)
    {
        for (var shared = Volatile.Read(ref _shared); shared is not null; shared = shared.Next)
        {
            if (ReferenceEquals(shared.Owner, owner) || shared.Owner.Equals(owner))
            {
                return shared.Value;
            }
        }

        return null;
    }

    public bool IsShared => Volatile.Read(ref _shared) is not null;

    /// <summary>Everybody who has an object that was made from these rows.</summary>
    public IEnumerable<object> SharedWithAll()
    {
        for (var shared = Volatile.Read(ref _shared); shared is not null; shared = shared.Next)
        {
            yield return shared.Owner;
        }
    }

    /// <summary>Lets others have an object that was made from these rows. Answers whether it was added: somebody else's may be there already.</summary>
    public bool TryShare(object owner, object value)
    {
        while (true)
        {
            var head = Volatile.Read(ref _shared);
            var count = 0;
            for (var shared = head; shared is not null; shared = shared.Next)
            {
                if (shared.Owner.Equals(owner) || ++count >= MostShared)
                {
                    return false;
                }
            }

            if (ReferenceEquals(Interlocked.CompareExchange(ref _shared, new SharedValue(owner, value, head), head), head))
            {
                return true;
            }
        }
    }
}
