using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>The cells that a transaction's writes will bump when it commits. Not thread-safe.</summary>
internal sealed class PendingWrites
{
    private readonly Content _own = new();
    private Content? _shared;

    public bool IsEmpty => Current.IsEmpty;

    private Content Current => _shared ?? _own;

    /// <summary>
    /// A row was written, in these columns at least; each image gives the values of the dependency columns, old or new, with the gaps that are
    /// not known.
    /// </summary>
    public void Row(CapturedTable table, IEnumerable<(string Column, string? Value)> values, ulong columns)
    {
        Current.Entities.Add(table.Entity);
        Current.Add(CellHash.Rows(table.Relation), columns);
        foreach (var (column, value) in values)
        {
            Current.Add(value is null ? CellHash.Null(table.Relation, column) : CellHash.Value(table.Relation, column, value), columns);
        }
    }

    /// <summary>
    /// The old values of a written row are only what the application believes (an entity that was attached, not read): other predicates
    /// than the key may have held the row.
    /// </summary>
    public void OldValuesUnsure(CapturedTable table) => Current.UnsureValues.Add(table);

    /// <summary>Rows were written, in these columns at least, and it is not known which.</summary>
    public void AnyRow(CapturedTable table, ulong columns)
    {
        Current.Entities.Add(table.Entity);
        Current.Add(CellHash.Rows(table.Relation), columns);
        Current.UnsureKeys.Add(table);
    }

    /// <summary>Results were ended by code.</summary>
    public void Invalidate(IReadOnlyList<string[]> targets)
    {
        if (InvalidationTargets.CellsOf(targets) is { } cells)
        {
            Current.Invalidated.UnionWith(cells);
        }
        else
        {
            Current.AllInvalidated = true;
        }
    }

    /// <summary>Something was written, and not even the table is known.</summary>
    public void Unknown() => Current.Unknown = true;

    public void ApplyTo(FreshnessLedger ledger) => Current.ApplyTo(ledger);

    public void CountTo(in KeyValuePair<string, object?> context) => Current.CountTo(context);

    public void Clear()
    {
        _shared = null;
        _own.Clear();
    }

    /// <summary>What is added until the next <see cref="Clear"/> goes to an object that outlives this one.</summary>
    public Content Share() => _shared = new Content();

    internal sealed class Content
    {
        public Dictionary<int, ulong> Cells { get; } = [];

        /// <summary>What was written, for metrics.</summary>
        public HashSet<string> Entities { get; } = new(StringComparer.Ordinal);

        public HashSet<CapturedTable> UnsureValues { get; } = [];

        public HashSet<CapturedTable> UnsureKeys { get; } = [];

        public bool Unknown { get; set; }

        /// <summary>Cells that code has ended.</summary>
        public HashSet<int> Invalidated { get; } = [];

        public bool AllInvalidated { get; set; }

        public bool IsEmpty => Cells.Count == 0 && Invalidated.Count == 0 && !Unknown && !AllInvalidated;

        public void Add(int cell, ulong columns) => Cells[cell] = Cells.GetValueOrDefault(cell) | columns;

        public void Clear()
        {
            Cells.Clear();
            Entities.Clear();
            UnsureValues.Clear();
            UnsureKeys.Clear();
            Invalidated.Clear();
            Unknown = false;
            AllInvalidated = false;
        }

        public void CountTo(in KeyValuePair<string, object?> context)
        {
            if (!StateMetrics.CountsInvalidations)
            {
                return;
            }

            foreach (var entity in Entities)
            {
                StateMetrics.Invalidated("local", entity, 1, context);
            }

            if (Unknown)
            {
                StateMetrics.Invalidated("local", "other", 1, context);
            }

            if (AllInvalidated || Invalidated.Count > 0)
            {
                StateMetrics.Invalidated("manual", "cache", 1, context);
            }
        }

        public void ApplyTo(FreshnessLedger ledger)
        {
            if (AllInvalidated)
            {
                ledger.DistrustAll();
            }

            if (Invalidated.Count > 0)
            {
                ledger.InvalidateLocal(Invalidated);
            }

            if (Unknown)
            {
                ledger.BumpUnknown();
            }

            if (ledger.Listening)
            {
                // The log will tell which rows it were; until then nothing that might be among them is served.
                var pending = UnsureKeys.SelectMany(t => (int[])[CellHash.PendingKeys(t.Relation), CellHash.PendingValues(t.Relation)])
                    .Concat(UnsureValues.Select(t => CellHash.PendingValues(t.Relation)));
                ledger.BumpPending([.. pending]);
            }
            else
            {
                foreach (var table in UnsureKeys.Concat(UnsureValues))
                {
                    Add(CellHash.Whole(table.Relation), ColumnMask.All);
                }
            }

            ledger.BumpLocal(Cells);
        }
    }
}
