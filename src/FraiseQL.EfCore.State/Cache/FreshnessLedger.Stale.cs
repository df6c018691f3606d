namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The part of the ledger that says since when an entry may be out of date, for those who accept that for a while. It costs nothing until somebody asks.
/// </summary>
internal sealed partial class FreshnessLedger
{
    private const int MostTouches = 8;

    private readonly Dictionary<int, long> _ordered = []; // epochs of calls to invalidate, by cell: no patience reaches over those
    private Dictionary<int, Touches>? _touches;           // null until the first question
    private long _touchesFrom;                            // the epoch of that question

    /// <summary>
    /// The time since which the entry may not be what the database has, as a timestamp that is never too late; <see langword="null"/> when that is not
    /// known, or when it was ended for everybody.
    /// </summary>
    public long? MayBeStaleSince(CachedEntry entry, int[] cells, int[] pendingCells)
    {
        var validated = entry.ValidatedEpoch;
        lock (_gate)
        {
            if (_touches is null)
            {
                _touches = [];
                _touchesFrom = _epoch;
            }

            if (validated == CachedEntry.NeverValidated || validated < _floor)
            {
                return null;
            }

            // What was committed since the last look is not known; without a listener nobody looks.
            var since = Listening ? Volatile.Read(ref _heard) ? _heardAt : long.MinValue : time.GetTimestamp();
            foreach (var cell in cells)
            {
                if (_cells[cell] <= validated)
                {
                    continue;
                }

                if (_ordered.TryGetValue(cell, out var ordered) && ordered > validated)
                {
                    return null;
                }

                since = Math.Min(since, Math.Max(FirstTouch(cell, validated), entry.FreshAt));
            }

            if (HasPending(validated, pendingCells))
            {
                since = Math.Min(since, entry.FreshAt);
            }

            return since == long.MinValue ? null : since;
        }
    }

    /// <summary>When everything was known here that had been committed before, as a timestamp; now, without a listener.</summary>
    public long KnownAt => Listening ? Volatile.Read(ref _heardAt) : time.GetTimestamp();

    // Under the lock. What the log tells was committed after the look before the one that told it; what this process wrote, just now.
    private void Touched(int cell, long epoch, bool isLogged)
    {
        if (_touches is null)
        {
            return;
        }

        if (!_touches.TryGetValue(cell, out var touches))
        {
            _touches.Add(cell, touches = new Touches(_touchesFrom));
        }

        touches.Add(epoch, isLogged ? _heardAt : time.GetTimestamp());
    }

    private long FirstTouch(int cell, long after)
        => _touches!.TryGetValue(cell, out var touches) ? touches.FirstAfter(after) : long.MinValue;

    /// <summary>The last bumps of one cell.</summary>
    private sealed class Touches(long knownFrom)
    {
        private readonly Queue<(long Epoch, long Since)> _last = new(MostTouches);
        private long _knownFrom = knownFrom; // bumps up to this epoch are not remembered

        public void Add(long epoch, long since)
        {
            if (_last.Count == MostTouches)
            {
                _knownFrom = _last.Dequeue().Epoch;
            }

            _last.Enqueue((epoch, since));
        }

        public long FirstAfter(long epoch)
        {
            if (epoch < _knownFrom)
            {
                return long.MinValue;
            }

            foreach (var (bumped, since) in _last)
            {
                if (bumped > epoch)
                {
                    return since;
                }
            }

            return long.MinValue;
        }
    }
}
