using System.Collections.Concurrent;

namespace FraiseQL.EfCore.State.Model;

/// <summary>What the server's catalog says of the tables and views of one database. Immutable and thread-safe.</summary>
internal sealed class DatabaseCatalog
{
    private readonly Dictionary<string, CatalogRelation> _relations;
    private readonly ConcurrentDictionary<string, CatalogSource> _sources = new(StringComparer.Ordinal);

    public DatabaseCatalog(IEnumerable<CatalogRelation> relations)
    {
        _relations = relations.ToDictionary(r => r.Name, StringComparer.Ordinal);
        HasAnyRowSecurity = _relations.Values.Any(r => r.HasRowSecurity);
    }

    /// <summary>Whether any relation has row-level security.</summary>
    public bool HasAnyRowSecurity { get; }

    /// <summary>Whether row-level security is on for the relation, or for anything under it if it is a view.</summary>
    public bool HasRowSecurity(string relation)
        => _relations.TryGetValue(relation, out var found) && (found.HasRowSecurity || (found.Kind == 'v' && Trace(relation).Problem == CatalogProblem.RowSecurity));

    /// <summary>The tables that the relation's rows come from, through any number of views.</summary>
    public CatalogSource Trace(string relation) => _sources.GetOrAdd(relation, Find);

    /// <summary>Whether all that this one knows is still so: a view that was defined anew depends on other tables from now on.</summary>
    public bool HoldsIn(DatabaseCatalog later)
        => _relations.Values.All(r => later._relations.TryGetValue(r.Name, out var o)
            && r with { Uses = o.Uses, Heirs = o.Heirs } == o && r.Uses.SequenceEqual(o.Uses) && r.Heirs.SequenceEqual(o.Heirs));

    private CatalogSource Find(string relation)
    {
        var tables = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([relation]);
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next))
            {
                continue;
            }

            // Also a table of the server's own catalog, whose changes nobody captures.
            if (!_relations.TryGetValue(next, out var found))
            {
                return new CatalogSource(tables, CatalogProblem.Unknown, next);
            }

            if (ProblemOf(found) is var (problem, culprit) && problem != CatalogProblem.None)
            {
                return new CatalogSource(tables, problem, culprit);
            }

            if (found.Kind != 'v')
            {
                tables.Add(next);
            }

            foreach (var used in found.Uses)
            {
                open.Push(used);
            }
        }

        return new CatalogSource(tables, CatalogProblem.None, null);
    }

    private static (CatalogProblem Problem, string Culprit) ProblemOf(CatalogRelation relation) => relation switch
    {
        { Kind: 'm' } => (CatalogProblem.MaterializedView, relation.Name),
        { Kind: 'f' } => (CatalogProblem.ForeignTable, relation.Name),
        { IsTemporary: true } => (CatalogProblem.Temporary, relation.Name),
        { Volatile: { } name } => (CatalogProblem.Volatile, name),
        { Opaque: { } name } => (CatalogProblem.Opaque, name),
        { HasRowSecurity: true } => (CatalogProblem.RowSecurity, relation.Name),
        { Heirs: [var heir, ..] } => (CatalogProblem.Inherited, heir),
        _ => (CatalogProblem.None, relation.Name),
    };
}
