using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// Everything about a cacheable command that does not change from one execution to the next; it hangs on the command that EF caches,
/// so that no execution parses anything. Immutable but for <see cref="TryNoteRefusal"/> and <see cref="LastShape"/>, thread-safe.
/// </summary>
internal sealed class QueryPlan
{
    private const byte KeyVersion = 1;

    private readonly int[] _fixedCells;
    private readonly int[] _pendingCells;
    private readonly Dependency[] _pinned;
    private int _refusalNoted;
    private VerifiedSet? _verified;

    public QueryPlan(
        byte[] id,
        IModel? model,
        CachePolicy policy,
        ColumnKind[] columns,
        (string Name, RelationalTypeMapping? Mapping)[] parameters,
        IReadOnlyList<Dependency> dependencies,
        Refusal? refusal)
    {
        Id = id;
        Model = model;
        Policy = policy;
        Columns = columns;
        Parameters = parameters;
        Dependencies = dependencies;
        Refusal = refusal;

        var cells = new HashSet<int>();
        var pending = new HashSet<int>();
        foreach (var dependency in dependencies)
        {
            var relation = dependency.Table.Relation;
            if (dependency.Column is null)
            {
                cells.Add(CellHash.Rows(relation));
                continue;
            }

            cells.Add(CellHash.Whole(relation));
            pending.Add(CellHash.PendingKeys(relation));
            if (!dependency.IsByKey)
            {
                pending.Add(CellHash.PendingValues(relation));
            }
        }

        _fixedCells = [.. cells];
        _pendingCells = [.. pending];
        _pinned = [.. dependencies.Where(d => d.Column is not null)];
    }

    /// <summary>SHA-256 of the SQL, the column types and the parameters' types: the same on every node that runs the same query.</summary>
    public byte[] Id { get; }

    public IModel? Model { get; }

    public CachePolicy Policy { get; }

    public ColumnKind[] Columns { get; }

    public (string Name, RelationalTypeMapping? Mapping)[] Parameters { get; }

    public IReadOnlyList<Dependency> Dependencies { get; }

    /// <summary>Why results of this plan are never cached; <see langword="null"/> when they are.</summary>
    public Refusal? Refusal { get; }

    /// <summary>What the last result looked like: a guess for the next one, so whichever thread wrote last is right.</summary>
    public ResultShape? LastShape { get; set; }

    /// <summary>True the first time: a refusal is logged once a plan.</summary>
    public bool TryNoteRefusal() => Interlocked.Exchange(ref _refusalNoted, 1) == 0;

    /// <summary>Whether the triggers of all tables were found in order; remembered for each set, as every execution asks.</summary>
    public bool IsCaptured(IReadOnlySet<string>? relations)
    {
        if (relations is null)
        {
            return false;
        }

        var verified = Volatile.Read(ref _verified);
        if (verified is null || !ReferenceEquals(verified.Relations, relations))
        {
            verified = new VerifiedSet(relations, Dependencies.All(d => relations.Contains(d.Table.Relation)));
            Volatile.Write(ref _verified, verified);
        }

        return verified.HasAll;
    }

    /// <summary>
    /// Writes the exact bytes of a key. Answers the CLR type of a parameter that has no exact form, or <see langword="null"/> when all have.
    /// </summary>
    public Type? TryWriteKey(ref KeyWriter writer, DatabaseIdentity database, IReadOnlyDictionary<string, object?> values)
    {
        writer.Byte(KeyVersion);
        writer.Bytes(Id);
        writer.Bytes(database.KeyBytes);
        foreach (var (name, mapping) in Parameters)
        {
            values.TryGetValue(name, out var value);
            if (!ParameterEncoder.TryWrite(ref writer, DependencyValue.ToProvider(value, mapping)))
            {
                return value!.GetType();
            }
        }

        return null;
    }

    public CacheKey CreateKey(byte[] bytes, int hash, IReadOnlyDictionary<string, object?> values)
    {
        if (_pinned.Length == 0)
        {
            return new CacheKey(bytes, hash, _fixedCells, _pendingCells);
        }

        var cells = new List<int>(_fixedCells.Length + _pinned.Length);
        cells.AddRange(_fixedCells);
        foreach (var dependency in _pinned)
        {
            var relation = dependency.Table.Relation;
            cells.Add(dependency.Value!.Resolve(values) is { } text
                ? CellHash.Value(relation, dependency.Column!.Name, text)
                : CellHash.Rows(relation));
        }

        return new CacheKey(bytes, hash, [.. cells.Distinct()], _pendingCells);
    }

    /// <summary>The time to live of one execution.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A parameter of a compiled query is not a valid time to live.</exception>
    public TimeSpan TtlOf(IReadOnlyDictionary<string, object?> values, TimeSpan byDefault)
    {
        if (Policy.TtlParameter is not { } parameter)
        {
            return Policy.Ttl ?? byDefault;
        }

        var ttl = values.TryGetValue(parameter, out var value) && value is TimeSpan span ? span : TimeSpan.Zero;
        CacheTtl.Check(ttl, "ttl");
        return ttl;
    }

    private sealed record VerifiedSet(IReadOnlySet<string> Relations, bool HasAll);
}
