using System.ComponentModel;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The further results of a split query, whose first is the entry's own, and what all of them depend on together: they are valid together or
/// not at all. Immutable.
/// </summary>
[ImmutableObject(true)]
internal sealed class QueryBundle
{
    public QueryBundle(PgSnapshot? seen, string[] relations, int[] cells, ulong[]? columns, int[] pendingCells, BundlePart[] parts)
    {
        Seen = seen;
        Relations = relations;
        Cells = cells;
        Columns = columns;
        PendingCells = pendingCells;
        Parts = parts;
        HeapSize = 128 + (8L * (columns?.Length ?? 0)) + parts.Sum(p => p.Rows.HeapSize + p.Plan.Length + 64) + relations.Sum(r => 40 + (2L * r.Length)) + (4L * (cells.Length + pendingCells.Length));
    }

    /// <summary>
    /// A snapshot that contains what the last of the results saw. Between the first and the last something may have been committed that one of
    /// them has and another has not; who has applied everything that is visible in it knows.
    /// </summary>
    public PgSnapshot? Seen { get; }

    /// <summary>The tables whose triggers must be in order.</summary>
    public string[] Relations { get; }

    public int[] Cells { get; }

    /// <summary>
    /// For each cell the columns that count, as bits; <see langword="null"/> for all. It stays in this process: another one's model may count
    /// them otherwise.
    /// </summary>
    public ulong[]? Columns { get; }

    public int[] PendingCells { get; }

    public BundlePart[] Parts { get; }

    /// <summary>Bytes on the heap, for the bound of L1.</summary>
    public long HeapSize { get; }

    public RowSet? Find(ReadOnlySpan<byte> plan)
    {
        foreach (var part in Parts)
        {
            if (plan.SequenceEqual(part.Plan))
            {
                return part.Rows;
            }
        }

        return null;
    }
}

/// <summary>The result of one of a split query's further commands.</summary>
/// <param name="Plan">The identity of its plan, 32 bytes.</param>
/// <param name="Rows">Its rows.</param>
internal sealed record BundlePart(byte[] Plan, RowSet Rows);
