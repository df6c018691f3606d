using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>The part of the ledger that the listener feeds, and the proof against what it fed.</summary>
internal sealed partial class FreshnessLedger
{
    private const int HistoryLength = 4096;

    // Completed polls, oldest first. Token: the epoch when the poll began, so that local bumps at or before it are covered by its snapshot.
    // Applied: the epoch when its changes had been applied, so that log bumps at or before it are covered too.
    private readonly List<Poll> _polls = [];

    // Who waits for the look that goes on, and for the one after it.
    private readonly List<TaskCompletionSource> _looks = [];
    private TaskCompletionSource? _nextLook;

    private PgSnapshot? _coverage; // changes not visible in it are all known here; null until the listener has begun
    private long _coverageFloor;   // the epoch when that coverage began
    private bool _hasLooked;       // whether a look at the log has been applied since
    private long _lookedAt;        // TimeProvider timestamp of the beginning of the look that goes on
    private long _heardAt;         // the same of the last one that was applied: what was committed before it is known here
    private bool _heard;
    private string? _tokenLog;
    private PgSnapshot? _position;

    /// <summary>Which log the positions are of, as tokens name it; <see langword="null"/> before it is known. Who reads it before the position has both of one log.</summary>
    public string? TokenLog
    {
        get => Volatile.Read(ref _tokenLog);
        set
        {
            if (value != _tokenLog)
            {
                Position = null;
                Volatile.Write(ref _tokenLog, value);
            }
        }
    }

    /// <summary>The newest log position that was applied; null before the first.</summary>
    public PgSnapshot? Position
    {
        // Who sees a position must see what was applied before it.
        get => Volatile.Read(ref _position);
        private set => Volatile.Write(ref _position, value);
    }

    /// <summary>The listener begins, or begins anew after a gap: what is cached is of no use, and nothing older can be proven.</summary>
    public void CoverageStarted(PgSnapshot from)
    {
        lock (_gate)
        {
            _coverageFloor = ++_epoch;
            Volatile.Write(ref _floor, _coverageFloor);
            _polls.Clear();
            Array.Clear(_bumps);
            Position = from;
            _coverage = from;
            _past = null;
            _hasLooked = false;

            // What is read from here on is as young as this; entries of other nodes wait for the first look.
            Heard(time.GetTimestamp());
        }
    }

    public long PollStarting()
    {
        lock (_gate)
        {
            // One that was asked for before an interrupted look is answered by this one.
            if (_nextLook is not null)
            {
                _looks.Add(_nextLook);
                _nextLook = null;
            }

            _lookedAt = time.GetTimestamp();
            return _epoch;
        }
    }

    /// <summary>
    /// Completes when a look at the log that begins after this call has been applied: then everything that was committed before the call is known
    /// here. <see langword="null"/> without a listener, or when it is not heard of. The caller rings.
    /// </summary>
    public Task? NextLook()
    {
        if (!Listening || IsSilent)
        {
            return null;
        }

        lock (_gate)
        {
            return (_nextLook ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>A change from the log.</summary>
    public void BumpLogged(int cell, ulong transaction, ulong columns, in BumpCause cause)
    {
        lock (_gate)
        {
            // One transaction, several rows: the cell has said all there is to say. A local bump in between starts a list of its own.
            if (!Bump.Has(_bumps[cell], transaction, columns))
            {
                Publish(cell, Bump.AddLogged(_bumps[cell], ++_epoch, transaction, columns, cause));
                Touched(cell, _epoch, isLogged: true);
            }
        }
    }

    /// <summary>Everything visible in <paramref name="position"/> has been applied by a poll that began at <paramref name="token"/>.</summary>
    public void CaughtUp(long token, PgSnapshot position)
    {
        lock (_gate)
        {
            if (_coverage is null)
            {
                return;
            }

            var applied = _epoch;
            if (_polls.Count == 0 || _polls[^1].Token != token || _polls[^1].Applied != applied)
            {
                // An idle poll that covers no new epoch proves nothing more than the one before, whose snapshot is the smaller.
                if (_polls.Count == HistoryLength)
                {
                    _polls.RemoveRange(0, HistoryLength / 4);
                }

                _polls.Add(new Poll(token, applied, position));
            }

            _hasLooked = true;
            Position = position;
            Volatile.Write(ref _appliedThrough, Math.Max(_appliedThrough, token));

            // Not now: the process may have stood still since the server answered.
            Heard(_lookedAt);
            foreach (var look in _looks)
            {
                look.SetResult();
            }

            _looks.Clear();
        }
    }

    private void Heard(long at)
    {
        Volatile.Write(ref _heardAt, at);
        Volatile.Write(ref _heard, true);
    }

    /// <summary>Whether the node has not heard from the database for longer than the bound, or not at all yet.</summary>
    public bool IsSilent => Silence() is not null;

    private Freshness? Silence()
        => Volatile.Read(ref _heard) && time.GetElapsedTime(Volatile.Read(ref _heardAt)) <= maxSilence ? null : Freshness.Silent;

    private Freshness CheckAgainstLog(CachedEntry entry, int[] cells, ulong[]? columns, int[] pendingCells, long now)
    {
        if (entry.Snapshot is not { } seen || !Listening)
        {
            return Freshness.Stale;
        }

        var isDoubtful = false;
        lock (_gate)
        {
            var validated = entry.ValidatedEpoch;
            if (validated == CachedEntry.NeverValidated)
            {
                // An entry of another node, or of this one before it was restarted: what happened before this node's coverage is unknown.
                // Until a look has been applied, what happened since it began is unknown too.
                if (!_hasLooked || !IsCovered(seen))
                {
                    return Freshness.Stale;
                }

                // Everything was dropped on purpose since: only rows read after that are of use.
                if (_floor > _coverageFloor && !(SnapshotCovering(_floor, local: true) is { } dropped && seen.Contains(dropped)))
                {
                    return Freshness.Stale;
                }
            }
            else if (validated < _floor)
            {
                return Freshness.Stale;
            }

            for (var i = 0; i < cells.Length; i++)
            {
                if (_cells[cells[i]] <= validated)
                {
                    continue;
                }

                // Without a bump it was before the coverage began anew, so the check of the coverage covers it.
                if (_bumps[cells[i]] is null && _cells[cells[i]] > _coverageFloor)
                {
                    return Freshness.Stale;
                }

                for (var bump = _bumps[cells[i]]; bump is not null; bump = bump.Next)
                {
                    if ((bump.Columns & (columns?[i] ?? ColumnMask.All)) == 0)
                    {
                        isDoubtful |= bump.Doubt > validated && bump.Doubt > _appliedThrough;
                    }
                    else if (bump.Epoch > validated && !Reflects(seen, validated, bump))
                    {
                        return Freshness.Stale;
                    }
                }
            }
        }

        if (isDoubtful || HasPending(validated: entry.ValidatedEpoch, pendingCells))
        {
            return Freshness.Pending;
        }

        entry.ValidatedThrough(now);
        return Freshness.Fresh;
    }

    private bool Reflects(PgSnapshot seen, long validated, Bump bump)
    {
        foreach (var transaction in bump.Transactions)
        {
            if (!seen.Sees(transaction))
            {
                return false;
            }
        }

        return bump.Base <= validated || bump.Base <= _coverageFloor
            || (SnapshotCovering(bump.Base, bump.BaseIsLocal) is { } covering && seen.Contains(covering));
    }

    // The earliest applied position that is sure to include the bump: a later one would be right as well, only stricter.
    private PgSnapshot? SnapshotCovering(long epoch, bool local)
    {
        var low = 0;
        var high = _polls.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if ((local ? _polls[middle].Token : _polls[middle].Applied) < epoch)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < _polls.Count ? _polls[low].Position : null;
    }

    private readonly record struct Poll(long Token, long Applied, PgSnapshot Position);
}
