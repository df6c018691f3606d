namespace FraiseQL.EfCore.State.Cache;

/// <summary>The part of the ledger that calls to invalidate reach.</summary>
internal sealed partial class FreshnessLedger
{
    /// <summary>After the commit of a call of this process.</summary>
    public void InvalidateLocal(IReadOnlyCollection<int> cells)
    {
        BumpLocal(cells.Select(c => KeyValuePair.Create(c, ColumnMask.All)));
        Order(cells);
    }

    /// <summary>A call that was read from the log.</summary>
    public void InvalidateLogged(IReadOnlyCollection<int> cells, ulong transaction, in BumpCause cause)
    {
        foreach (var cell in cells)
        {
            BumpLogged(cell, transaction, ColumnMask.All, cause);
        }

        Order(cells);
    }

    // Whoever accepts stale rows does not accept what was ended on purpose.
    private void Order(IReadOnlyCollection<int> cells)
    {
        lock (_gate)
        {
            foreach (var cell in cells)
            {
                _ordered[cell] = _cells[cell];
            }
        }
    }
}
