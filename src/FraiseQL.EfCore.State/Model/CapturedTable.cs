using System.Diagnostics.CodeAnalysis;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State.Model;

/// <summary>A table whose changes are captured: what its events are called, and which of its columns are in them.</summary>
/// <remarks>Immutable once its <see cref="CaptureModel"/> is built.</remarks>
internal sealed class CapturedTable
{
    private readonly Dictionary<string, CapturedColumn> _dependencyColumns;
    private readonly Dictionary<string, ulong> _bits = new(StringComparer.Ordinal);

    public CapturedTable(
        string version,
        string schema,
        string name,
        string entity,
        bool isPart,
        IReadOnlyList<CapturedColumn> key,
        IReadOnlyList<EventKeyColumn> eventKey,
        IReadOnlyList<CapturedColumn> dependencyColumns,
        IReadOnlyList<DataColumn> dataColumns,
        CaptureTuning tuning,
        string? eventPrefix,
        IReadOnlyDictionary<ChangeKind, string>? eventTypes = null)
    {
        Version = version;
        Schema = schema;
        Name = name;
        Relation = schema + "." + name;
        Entity = entity;
        EventPrefix = eventPrefix ?? EntityNames.ToSnakeCase(entity);
        EventTypes = Enum.GetValues<ChangeKind>().ToDictionary(k => k, k => eventTypes?.GetValueOrDefault(k) ?? EventNames.Of(EventPrefix, k));
        IsPart = isPart;
        Key = key;
        EventKey = eventKey;
        DependencyColumns = dependencyColumns;
        DataColumns = dataColumns;
        Tuning = tuning;
        _dependencyColumns = dependencyColumns.ToDictionary(c => c.Name, StringComparer.Ordinal);
        foreach (var column in dependencyColumns.Select(c => c.Name).Concat(dataColumns.Select(c => c.Name)))
        {
            _bits[column] = ColumnMask.OfColumn(_bits.Count);
        }

        foreach (var excluded in tuning.Excluded)
        {
            _bits.Remove(excluded);
        }
    }

    /// <summary>The version of the SQL templates that the model was made for.</summary>
    public string Version { get; }

    public string Schema { get; }

    public string Name { get; }

    /// <summary>Schema and name, unquoted, as in the log: <c>public.posts</c>.</summary>
    public string Relation { get; }

    /// <summary>Short name of the root entity type: <c>Post</c>. Derived (TPT) and owned types count as their root.</summary>
    public string Entity { get; }

    /// <summary>Begins the names of the entity's events, <c>post</c> for <c>post_created</c>, and the ids of its entities.</summary>
    public string EventPrefix { get; }

    /// <summary>The names of the entity's events.</summary>
    public IReadOnlyDictionary<ChangeKind, string> EventTypes { get; }

    /// <summary>
    /// Whether a row is only a part of the entity, whose main row is in another table: a derived type's (TPT), an owned type's or a
    /// split-off table. Every change of a part is an update of its entity.
    /// </summary>
    public bool IsPart { get; }

    /// <summary>The primary key of the table.</summary>
    public IReadOnlyList<CapturedColumn> Key { get; }

    /// <summary>The columns that identify the entity; for a part those that point to the root's row.</summary>
    public IReadOnlyList<EventKeyColumn> EventKey { get; }

    /// <summary>Columns with exact equality, of keys, foreign keys and where it was asked for; the log has their old and new values.</summary>
    public IReadOnlyList<CapturedColumn> DependencyColumns { get; }

    /// <summary>All the other columns.</summary>
    public IReadOnlyList<DataColumn> DataColumns { get; }

    /// <summary>What was asked for beyond the usual.</summary>
    public CaptureTuning Tuning { get; }

    /// <summary>
    /// Tables whose rows the database itself may delete or change when rows of this one go (ON DELETE CASCADE, SET NULL), transitively.
    /// </summary>
    public IReadOnlyList<CapturedTable> CascadeTargets { get; internal set; } = [];

    public bool TryGetDependencyColumn(string columnName, [NotNullWhen(true)] out CapturedColumn? column)
        => _dependencyColumns.TryGetValue(columnName, out column);

    /// <summary>What a query reads that names these columns; everything, where one of them is of a kind that events do not tell (xmin, excluded ones).</summary>
    public ulong ReadMask(IEnumerable<string> columns)
    {
        var mask = ColumnMask.Existence;
        foreach (var column in columns)
        {
            mask |= _bits.TryGetValue(column, out var bit) ? bit : ColumnMask.All;
        }

        return mask;
    }

    /// <summary>The columns of a mask, in the order of their names; <see langword="null"/> when it is everything.</summary>
    public IEnumerable<string>? ColumnsOf(ulong mask)
        => mask == ColumnMask.All ? null : _bits.Where(b => (b.Value & mask) != 0).Select(b => b.Key).Order(StringComparer.Ordinal).DefaultIfEmpty("no column");

    /// <summary>What an update touched, by the columns that it names; <see langword="null"/> where it names none, because it does not know them.</summary>
    public ulong ChangeMask(IEnumerable<string>? columns)
    {
        if (columns is null)
        {
            return ColumnMask.All;
        }

        // A column that only a later model has is read by none of this one's queries.
        var mask = ColumnMask.Untold;
        foreach (var column in columns)
        {
            mask |= _bits.GetValueOrDefault(column);
        }

        return mask;
    }

    public override string ToString() => Relation;
}
