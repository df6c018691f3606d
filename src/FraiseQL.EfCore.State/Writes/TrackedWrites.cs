using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Update;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>The rows that one SaveChanges writes, with the values of their dependency columns before and after. Not thread-safe.</summary>
internal sealed class TrackedWrites
{
    private readonly List<Write> _writes = [];

    public static TrackedWrites Before(IList<IUpdateEntry> entries)
    {
        var writes = new TrackedWrites();
        foreach (var entry in entries)
        {
            writes.Add(entry);
        }

        return writes;
    }

    /// <summary>Takes the new values once more, with what the database has generated.</summary>
    public void After()
    {
        foreach (var write in _writes)
        {
            if (write.Entry.EntityState != EntityState.Deleted)
            {
                write.Read(original: false);
            }
        }
    }

    public void AddTo(PendingWrites pending)
    {
        foreach (var write in _writes)
        {
            pending.Row(write.Table, write.Values, write.Columns);
            if (write.OldValuesUnsure)
            {
                pending.OldValuesUnsure(write.Table);
            }

            foreach (var target in write.Cascades)
            {
                pending.AnyRow(target, ColumnMask.All);
            }
        }
    }

    private void Add(IUpdateEntry entry)
    {
        var model = CaptureModel.For(entry.EntityType.Model);
        foreach (var mapping in entry.EntityType.GetTableMappings())
        {
            if (model.Find(mapping.Table.Schema, mapping.Table.Name) is not { } table)
            {
                continue;
            }

            var write = new Write(entry, mapping, table);
            if (entry.EntityState != EntityState.Added)
            {
                write.Read(original: true);
            }

            write.Read(original: false);
            _writes.Add(write);
        }
    }

    private sealed class Write(IUpdateEntry entry, ITableMapping mapping, CapturedTable table)
    {
        private readonly List<(string Column, string? Value)> _values = [];

        public IUpdateEntry Entry => entry;

        public CapturedTable Table => table;

        public IReadOnlyList<(string Column, string? Value)> Values => _values;

        /// <summary>The columns that are sent. Others may change with them: generated ones, or by a trigger.</summary>
        public ulong Columns { get; } = entry.EntityState == EntityState.Modified
            ? table.ChangeMask(mapping.ColumnMappings.Where(c => entry.IsModified(c.Property)).Select(c => c.Column.Name))
            : ColumnMask.All;

        // The state while it was written: SaveChanges resets the entry's own afterwards.
        private readonly EntityState _state = entry.EntityState;

        /// <summary>
        /// Whether another column than the key could have had another value than the entry says: the entry cannot tell whether it was read from
        /// the database or only attached.
        /// </summary>
        public bool OldValuesUnsure => _state != EntityState.Added && table.DependencyColumns.Any(c => table.Key.All(k => k.Name != c.Name));

        public IReadOnlyList<CapturedTable> Cascades => _state == EntityState.Deleted ? table.CascadeTargets : [];

        public void Read(bool original)
        {
            foreach (var column in mapping.ColumnMappings)
            {
                if (!table.TryGetDependencyColumn(column.Column.Name, out _))
                {
                    continue;
                }

                var property = column.Property;
                var value = original && entry.CanHaveOriginalValue(property) ? entry.GetOriginalValue(property) : entry.GetCurrentValue(property);
                var text = DependencyValue.CanonicalText(DependencyValue.ToProvider(value, column.TypeMapping));
                if (!_values.Contains((column.Column.Name, text)))
                {
                    _values.Add((column.Column.Name, text));
                }
            }
        }
    }
}
