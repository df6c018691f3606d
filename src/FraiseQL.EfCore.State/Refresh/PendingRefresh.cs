using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Refresh;

/// <summary>What has changed under one view since it was last refreshed, as this node knows it. Thread-safe.</summary>
internal sealed class PendingRefresh(RefreshedView view, TimeProvider time)
{
    // Beyond it the transactions are not told apart: a refresh that begins later covers them all.
    private const int MostTransactions = 10_000;

    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _transactions = [];
    private bool _mustLook = true;
    private bool _isDue;
    private long _since;

    public RefreshedView View => view;

    /// <summary>A source has changed.</summary>
    public void Changed(ulong transaction)
    {
        lock (_gate)
        {
            Begin();
            if (_transactions.Count < MostTransactions)
            {
                _transactions.Add(transaction);
            }
        }
    }

    /// <summary>Nobody knows what this node has missed: the log is to be asked.</summary>
    public void Unknown()
    {
        lock (_gate)
        {
            _mustLook = true;
        }
    }

    /// <summary>True once after <see cref="Unknown"/>.</summary>
    public bool TakeLook()
    {
        lock (_gate)
        {
            var must = _mustLook;
            _mustLook = false;
            return must;
        }
    }

    /// <summary>The log says that there is something to refresh.</summary>
    public void Due()
    {
        lock (_gate)
        {
            Begin();
        }
    }

    /// <summary>The view has been refreshed, with everything that is visible in <paramref name="seen"/>.</summary>
    public void Refreshed(PgSnapshot seen)
    {
        lock (_gate)
        {
            var overflown = _transactions.Count >= MostTransactions;
            _transactions.RemoveWhere(seen.Sees);
            _isDue = _transactions.Count > 0;
            _since = time.GetTimestamp();
            if (overflown)
            {
                _mustLook = true;
            }
        }
    }

    /// <summary>How long until it is to be refreshed; <see langword="null"/> when nothing has changed.</summary>
    public TimeSpan? Left()
    {
        lock (_gate)
        {
            var left = view.Debounce - time.GetElapsedTime(_since);
            return !_isDue ? null : left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>It did not work, or another node is at it: tried again after a while.</summary>
    public void Later()
    {
        lock (_gate)
        {
            _since = time.GetTimestamp();
        }
    }

    private void Begin()
    {
        if (!_isDue)
        {
            _isDue = true;
            _since = time.GetTimestamp();
        }
    }
}
