using System.Globalization;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>What the ledger remembers of a cell, for people.</summary>
internal sealed partial class FreshnessLedger
{
    private const int MostTraced = 16;

    /// <summary>What last touched the cells: table, kind, time and transactions, the newest first.</summary>
    public IReadOnlyList<string> LastChanges(int[] cells)
    {
        var bumps = new List<Bump>();
        foreach (var cell in cells)
        {
            for (var bump = Volatile.Read(ref _bumps[cell]); bump is not null; bump = bump.Next)
            {
                bumps.Add(bump);
            }
        }

        return
        [
            .. bumps.OrderByDescending(bump => bump.Epoch).Take(MostTraced).Select(bump => string.Create(
                CultureInfo.InvariantCulture,
                $"{bump.Cause.Relation ?? "this process"}, {bump.Cause.Kind} at {bump.Cause.At:O}, transactions {string.Join(", ", bump.Transactions)}")),
        ];
    }
}
