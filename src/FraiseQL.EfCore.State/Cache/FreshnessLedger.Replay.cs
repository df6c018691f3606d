using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>What lies before the coverage: changes that the log has kept, so that entries which other nodes made earlier can be proven. See decision 0320.</summary>
internal sealed partial class FreshnessLedger
{
    private volatile string? _log;
    private PgSnapshot? _past; // changes not visible in it are all known here too; null until the replay has ended

    /// <summary>
    /// Which log, of which start of the server, the positions belong to; <see langword="null"/> before the first connection. Entries of another one
    /// hold snapshots that mean nothing here, so they are kept under names of their own.
    /// </summary>
    public string? Log => _log;

    public void Follows(string log) => _log = log;

    /// <summary>The past is being read, and the log is not followed meanwhile: nothing is served until it is.</summary>
    public void ReplayStarting()
    {
        lock (_gate)
        {
            Volatile.Write(ref _heard, false);
        }
    }

    /// <summary>All that was replayed so far is of transactions that <paramref name="position"/> sees.</summary>
    public void Replayed(PgSnapshot position)
    {
        lock (_gate)
        {
            // Of local writes it says nothing: its token is that of no poll.
            if (_polls.Count < HistoryLength)
            {
                _polls.Add(new Poll(_coverageFloor, _epoch, position));
            }
        }
    }

    /// <summary>Every change that is not visible in <paramref name="from"/> has been replayed, or is within the coverage.</summary>
    public void PastKnown(PgSnapshot from)
    {
        lock (_gate)
        {
            _past = from;
        }
    }

    // Either proves by itself: the one from which the node follows the log, or the one back to which it has replayed it.
    private bool IsCovered(PgSnapshot seen) => (_coverage is not null && seen.Contains(_coverage)) || (_past is not null && seen.Contains(_past));
}
