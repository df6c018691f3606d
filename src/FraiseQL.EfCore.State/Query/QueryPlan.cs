using System.Globalization;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// Everything about a cacheable command that does not change from one execution to the next; it hangs on the command that EF caches,
/// so that no execution parses anything. Immutable but for <see cref="TryNoteRefusal"/> and <see cref="LastShape"/>, thread-safe.
/// </summary>
internal sealed class QueryPlan
{
    private const byte KeyVersion = 2;
    private const byte Declared = 0xF1;
    private const byte Ignoring = 0xF2;
    private const byte Named = 0xF5;

    private readonly int[] _fixedCells;
    private readonly ulong[] _columns; // of the fixed cells, and then of the pinned ones
    private readonly int[] _pendingCells;
    private readonly Dependency[] _pinned;
    private int _refusalNoted;
    private VerifiedSet? _verified;
    private Resolution? _resolution;

    public QueryPlan(
        byte[] id,
        IModel? model,
        CachePolicy policy,
        ColumnKind[] columns,
        (string Name, RelationalTypeMapping? Mapping)[] parameters,
        IReadOnlyList<Dependency> dependencies,
        IReadOnlyList<string> views,
        IReadOnlyList<string> uncaptured,
        string[]? names,
        Refusal? refusal)
    {
        Names = names;
        Views = views;
        Uncaptured = uncaptured;
        Id = id;
        Model = model;
        Policy = policy;
        Columns = columns;
        IsShareable = Array.TrueForAll(columns, c => c.IsShareable);
        Parameters = parameters;
        Dependencies = dependencies;
        Refusal = refusal;

        var cells = new Dictionary<int, ulong>();
        var pending = new HashSet<int>();
        foreach (var dependency in dependencies)
        {
            var relation = dependency.Table.Relation;
            if (dependency.Column is null)
            {
                Add(CellHash.Rows(relation), dependency.Reads);
                continue;
            }

            Add(CellHash.Whole(relation), ColumnMask.All);
            pending.Add(CellHash.PendingKeys(relation));
            if (!dependency.IsByKey)
            {
                pending.Add(CellHash.PendingValues(relation));
            }
        }

        _fixedCells = [.. cells.Keys];
        _pendingCells = [.. pending];
        _pinned = [.. dependencies.Where(d => d.Column is not null)];
        _columns = [.. cells.Values, .. _pinned.Select(d => d.Reads)];

        void Add(int cell, ulong columns) => cells[cell] = cells.GetValueOrDefault(cell) | columns;
    }

    /// <summary>SHA-256 of the SQL, the column types and the parameters' types: the same on every node that runs the same query.</summary>
    public byte[] Id { get; }

    /// <summary>The beginning of the id, for people.</summary>
    public string ShortId => field ??= Convert.ToHexStringLower(Id.AsSpan(0, 6));

    /// <summary>What EF sends, with its comments.</summary>
    public string Sql { get; init; } = "";

    public IModel? Model { get; }

    public CachePolicy Policy { get; }

    public ColumnKind[] Columns { get; }

    /// <summary>Whether every column has an exact form for other nodes; otherwise results stay in this process.</summary>
    public bool IsShareable { get; }

    public (string Name, RelationalTypeMapping? Mapping)[] Parameters { get; }

    public IReadOnlyList<Dependency> Dependencies { get; }

    /// <summary>The names by which EF finds the columns of SQL that it sent as it was written, in whatever order they come.</summary>
    public string[]? Names { get; }

    /// <summary>Views that the query reads; which tables are under them, the server's catalog knows.</summary>
    public IReadOnlyList<string> Views { get; }

    /// <summary>Tables that the query reads and whose changes nobody tells, by schema and name.</summary>
    public IReadOnlyList<string> Uncaptured { get; }

    /// <summary>Why results of this plan are never cached; <see langword="null"/> when they are.</summary>
    public Refusal? Refusal { get; }

    /// <summary>What the last result looked like: a guess for the next one, so whichever thread wrote last is right.</summary>
    public ResultShape? LastShape { get; set; }

    /// <summary>True the first time: a refusal is logged once a plan.</summary>
    public bool TryNoteRefusal() => Interlocked.Exchange(ref _refusalNoted, 1) == 0;

    /// <summary>Whether the triggers of all tables were found in order; remembered for each set, as every execution asks.</summary>
    public bool IsCaptured(IReadOnlySet<string>? relations, EffectivePolicy policy)
    {
        if (relations is null)
        {
            return false;
        }

        // By index: an enumerator of an interface is an allocation on every hit.
        var further = policy.FurtherTables;
        for (var i = 0; i < further.Count; i++)
        {
            if (!relations.Contains(further[i].Relation))
            {
                return false;
            }
        }

        if (policy.IgnoresOwnTables)
        {
            return true;
        }

        var verified = Volatile.Read(ref _verified);
        if (verified is null || !ReferenceEquals(verified.Relations, relations))
        {
            verified = Verify(relations);
            Volatile.Write(ref _verified, verified);
        }

        return verified.HasAll;
    }

    // By itself, since its closure would be allocated on every hit.
    private VerifiedSet Verify(IReadOnlySet<string> relations)
        => new(relations, Dependencies.All(d => relations.Contains(d.Table.Relation)));

    /// <summary>Why an execution under this policy is not cached, whatever the moment; <see langword="null"/> when it is.</summary>
    public Refusal? RefusalUnder(EffectivePolicy policy)
    {
        var refusal = policy.ViewRefusal is null ? Refusal : ViewSources.Harder(Refusal, policy.ViewRefusal);
        if (policy.IgnoresOwnTables)
        {
            return refusal is null or { CanBeDeclared: true } or { CanBeIgnored: true } ? Policy.IsSplit ? Refusal.IgnoringSplit : null : refusal;
        }

        return refusal is { CanBeDeclared: true } && policy.DeclaresDependencies ? null : refusal;
    }

    /// <summary>
    /// Whether settings of the session that the application has made up (<c>app.tenant</c>) may have a part in the result. Only policies of
    /// row-level security, views and functions of the database read them; what cannot be seen through may contain any.
    /// </summary>
    public bool ReadsSettings(DatabaseCatalog? catalog, EffectivePolicy policy)
    {
        if (catalog is null || Refusal is not null || Views.Count > 0 || policy.DeclaresDependencies)
        {
            return true;
        }

        if (!catalog.HasAnyRowSecurity)
        {
            return false;
        }

        // By index: an enumerator of an interface is an allocation on every hit.
        for (var i = 0; i < Dependencies.Count; i++)
        {
            if (catalog.HasRowSecurity(Dependencies[i].Table.Relation))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the plan reads rows of the entity or of one derived from it.</summary>
    public bool Reads(IEntityType entityType)
        => entityType.GetDerivedTypesInclusive()
            .SelectMany(e => e.GetTableMappings())
            .Any(m => Dependencies.Any(d => d.Table.Name == m.Table.Name && d.Table.Relation == DependencyExtractor.Captured(m.Table)?.Relation));

    /// <summary>What applies to an execution: found out once for each set of options, and remembered for the last of them.</summary>
    /// <exception cref="InvalidOperationException">The options name a profile or an entity that does not exist.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A parameter of a compiled query is not a valid time to live.</exception>
    public EffectivePolicy PolicyOf(
        FraiseQLStateOptions configured, DbContext context, IReadOnlyDictionary<string, object?> values, TimeSpan? implicitTtl, DatabaseCatalog? catalog)
    {
        catalog = Views.Count == 0 ? null : catalog;
        var options = Policy.Parameter is { } parameter ? MarkReader.FromValue(values.GetValueOrDefault(parameter)) : Policy.Options;
        implicitTtl = Policy.IsImplicit ? implicitTtl : null;
        var known = Volatile.Read(ref _resolution);
        if (known is not null && ReferenceEquals(known.Configured, configured) && ReferenceEquals(known.Options, options) && known.ImplicitTtl == implicitTtl
            && ReferenceEquals(known.Catalog, catalog))
        {
            return known.Policy;
        }

        var policy = PolicyResolver.Resolve(configured, this, context.Model, options, implicitTtl);
        policy = Views.Count == 0 ? policy : ViewSources.Apply(policy, Views, context.Model, catalog);
        Volatile.Write(ref _resolution, new Resolution(configured, options, implicitTtl, catalog, policy));
        return policy;
    }

    /// <summary>
    /// Writes the exact bytes of a key. Answers the CLR type of a parameter that has no exact form, or <see langword="null"/> when all have.
    /// </summary>
    public Type? TryWriteKey(ref KeyWriter writer, DatabaseIdentity database, EffectivePolicy policy, IReadOnlyDictionary<string, object?> values)
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

        // A key stands for its dependencies too: the same query with other tags is another entry.
        if (policy.HasFurtherDependencies)
        {
            writer.Byte(Declared);
            writer.Int32(policy.Tags.Count);
            foreach (var tag in policy.Tags)
            {
                writer.Text(tag);
            }

            writer.Int32(policy.Tables.Count + policy.ViewTables.Count);
            foreach (var table in policy.FurtherTables)
            {
                writer.Text(table.Relation);
            }
        }

        // Results end by the query's name too.
        if (policy.Name is not null)
        {
            writer.Byte(Named);
            writer.Text(policy.Name);
        }

        if (policy.IgnoresOwnTables)
        {
            writer.Byte(Ignoring);
        }

        return Policy.IsSplit ? TryWriteOthers(ref writer, values) : null;
    }

    // A value that only the children of a split query have is not among the root's parameters.
    private Type? TryWriteOthers(ref KeyWriter writer, IReadOnlyDictionary<string, object?> values)
    {
        foreach (var (name, value) in values.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (name == Policy.Parameter || Array.Exists(Parameters, p => p.Name == name))
            {
                continue;
            }

            writer.Text(name);
            if (!ParameterEncoder.TryWrite(ref writer, value is Enum ? Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), CultureInfo.InvariantCulture) : value))
            {
                return value!.GetType();
            }
        }

        return null;
    }

    public CacheKey CreateKey(byte[] bytes, int hash, EffectivePolicy policy, IReadOnlyDictionary<string, object?> values, string? user = null)
    {
        var further = policy.CellsFor(user);
        if (policy.IgnoresOwnTables)
        {
            return new CacheKey(bytes, hash, further, columns: null, []);
        }

        if (_pinned.Length == 0 && further.Length == 0)
        {
            return new CacheKey(bytes, hash, _fixedCells, _columns, _pendingCells);
        }

        List<int> cells = [.. _fixedCells];
        List<ulong> columns = [.. _columns.AsSpan(0, _fixedCells.Length)];
        var texts = new List<string?>();
        foreach (var dependency in _pinned)
        {
            var (relation, column) = (dependency.Table.Relation, dependency.Column!.Name);
            texts.Clear();
            if (!dependency.Value!.TryResolve(values, texts))
            {
                Add(CellHash.Rows(relation), dependency.Reads);
                continue;
            }

            foreach (var text in texts)
            {
                Add(text is null ? CellHash.Null(relation, column) : CellHash.Value(relation, column, text), dependency.Reads);
            }
        }

        foreach (var cell in further)
        {
            Add(cell, ColumnMask.All);
        }

        return new CacheKey(bytes, hash, [.. cells], columns.SequenceEqual(_columns) ? _columns : [.. columns], _pendingCells);

        // A query has few of them.
        void Add(int cell, ulong read)
        {
            var at = cells.IndexOf(cell);
            if (at < 0)
            {
                cells.Add(cell);
                columns.Add(read);
            }
            else
            {
                columns[at] |= read;
            }
        }
    }

    private sealed record VerifiedSet(IReadOnlySet<string> Relations, bool HasAll);

    private sealed record Resolution(FraiseQLStateOptions Configured, CacheableOptions Options, TimeSpan? ImplicitTtl, DatabaseCatalog? Catalog, EffectivePolicy Policy);
}
