using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// What this node knows about changes of one database: a fixed table of dependency cells, each with the epoch of its last bump, and the
/// history of log positions that the node has applied. It decides whether a cached entry may be served. See README.md in this folder.
/// </summary>
/// <remarks>Thread-safe. A check takes no lock unless a cell was bumped since the entry was last checked.</remarks>
internal sealed partial class FreshnessLedger(bool listening, TimeProvider time, TimeSpan maxSilence)
{
    private readonly Lock _gate = new();
    private readonly long[] _cells = new long[CellHash.CellCount];
    private readonly Bump?[] _bumps = new Bump?[CellHash.CellCount];

    private long _epoch;          // grows by one a bump; a fill is stamped with it before its query starts
    private long _floor;          // entries validated before it are distrusted as a whole
    private long _pendingAll;     // like a pending cell, for writes whose tables are unknown
    private long _appliedThrough; // local bumps at or before it are covered by a completed poll

    private volatile bool _listening = listening;
    private volatile IReadOnlySet<string>? _captured;

    /// <summary>Whether a listener is meant to feed this ledger. Without one, only this process's own writes and the ttl end an entry.</summary>
    public bool Listening => _listening;

    /// <summary>The relations whose triggers were found in order; <see langword="null"/> until the listener has looked.</summary>
    public IReadOnlySet<string>? Captured => _captured;

    public void CaptureVerified(IReadOnlySet<string> relations)
    {
        var before = _captured;
        _captured = relations;

        // What was cached while a trigger was missing may have changed unseen.
        if (before is not null && !before.IsSupersetOf(relations))
        {
            DistrustAll();
        }
    }

    /// <summary>The listener turned out to serve another database.</summary>
    public void NotListenedTo()
    {
        _listening = false;
        DistrustAll();
    }

    /// <summary>The stamp for a fill: read it before the query is sent.</summary>
    public long Stamp() => Volatile.Read(ref _epoch);

    /// <summary>Whether the entry is proven fresh now. Cheap when nothing it depends on has changed.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="cells">What it depends on.</param>
    /// <param name="columns">For each cell the columns that count (<see cref="ColumnMask"/>); <see langword="null"/> for all.</param>
    /// <param name="pendingCells">Cells of tables with a local write whose old row is not known yet.</param>
    public Freshness Check(CachedEntry entry, int[] cells, ulong[]? columns, int[] pendingCells)
    {
        if (Listening && Silence() is { } silent)
        {
            return silent;
        }

        var now = Volatile.Read(ref _epoch);
        var validated = entry.ValidatedEpoch;
        if (validated < Volatile.Read(ref _floor))
        {
            return validated == CachedEntry.NeverValidated ? CheckAgainstLog(entry, cells, columns, pendingCells, now) : Freshness.Stale;
        }

        foreach (var cell in cells)
        {
            if (Volatile.Read(ref _cells[cell]) > validated)
            {
                return CheckAgainstLog(entry, cells, columns, pendingCells, now);
            }
        }

        return HasPending(validated, pendingCells) ? Freshness.Pending : Freshness.Fresh;
    }

    /// <summary>
    /// After a local commit: entries that depend on these columns of the cells end now, on this node. Those that depend on others wait until the
    /// log has told that they were not touched too.
    /// </summary>
    public void BumpLocal(IEnumerable<KeyValuePair<int, ulong>> cells)
    {
        var cause = new BumpCause(null, ChangeKind.Updated, time.GetUtcNow());
        lock (_gate)
        {
            var epoch = ++_epoch;
            foreach (var (cell, columns) in cells)
            {
                Publish(cell, Bump.AddLocal(_bumps[cell], epoch, columns, cause));
                Touched(cell, epoch, isLogged: false);
            }
        }
    }

    /// <summary>What last touched these columns of the cells, as far as it is remembered; for people.</summary>
    public BumpCause? LastCause(int[] cells, ulong[]? columns)
    {
        Bump? last = null;
        for (var i = 0; i < cells.Length; i++)
        {
            for (var bump = Volatile.Read(ref _bumps[cells[i]]); bump is not null; bump = bump.Next)
            {
                if ((bump.Columns & (columns?[i] ?? ColumnMask.All)) != 0 && !(bump.Epoch < last?.Epoch))
                {
                    last = bump;
                }
            }
        }

        return last?.Cause;
    }

    /// <summary>
    /// After a local commit that changed rows whose old values this node has not seen: until the log has told them, entries on these tables
    /// which hang on a predicate are not served. They are not lost: what the write did not touch is served again after the next poll.
    /// </summary>
    public void BumpPending(ReadOnlySpan<int> pendingCells)
    {
        lock (_gate)
        {
            var epoch = ++_epoch;
            foreach (var cell in pendingCells)
            {
                Volatile.Write(ref _cells[cell], epoch);
            }
        }
    }

    /// <summary>After a local write about which nothing is known (raw SQL): as <see cref="BumpPending"/>, for every entry.</summary>
    public void BumpUnknown()
    {
        lock (_gate)
        {
            var epoch = ++_epoch;
            if (Listening)
            {
                Volatile.Write(ref _pendingAll, epoch);
            }
            else
            {
                Volatile.Write(ref _floor, epoch);
            }
        }
    }

    /// <summary>Drops everything this node has cached for the database.</summary>
    public void DistrustAll()
    {
        lock (_gate)
        {
            Volatile.Write(ref _floor, ++_epoch);
        }
    }

    private bool HasPending(long validated, int[] pendingCells)
    {
        var applied = Volatile.Read(ref _appliedThrough);
        var all = Volatile.Read(ref _pendingAll);
        if (all > validated && all > applied)
        {
            return true;
        }

        foreach (var cell in pendingCells)
        {
            var epoch = Volatile.Read(ref _cells[cell]);
            if (epoch > validated && epoch > applied)
            {
                return true;
            }
        }

        return false;
    }

    // The detail first: who sees the new epoch must find the detail that explains it.
    private void Publish(int cell, Bump bump)
    {
        Volatile.Write(ref _bumps[cell], bump);
        Volatile.Write(ref _cells[cell], bump.Epoch);
    }
}
