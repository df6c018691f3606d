namespace FraiseQL.EfCore.State.Model;

/// <summary>A table or view of the database.</summary>
/// <param name="Name">Schema and name, unquoted, as in the log.</param>
/// <param name="Kind">As <c>pg_class.relkind</c>: <c>r</c> table, <c>p</c> partitioned table, <c>v</c> view, <c>m</c> materialised view, <c>f</c> foreign table.</param>
/// <param name="HasRowSecurity">Whether which rows a session sees hangs on its role and settings.</param>
/// <param name="IsTemporary">Whether it is the session's own.</param>
/// <param name="Uses">For a view the relations that its definition names.</param>
/// <param name="Heirs">Tables that inherit from it and are no partitions: their rows are among its own.</param>
/// <param name="Volatile">For a view something in its definition whose value is another each time; <see langword="null"/> when there is none.</param>
/// <param name="Opaque">For a view something in its definition that may read any table; <see langword="null"/> when there is none.</param>
internal sealed record CatalogRelation(
    string Name,
    char Kind,
    bool HasRowSecurity,
    bool IsTemporary,
    IReadOnlyList<string> Uses,
    IReadOnlyList<string> Heirs,
    string? Volatile,
    string? Opaque);

/// <summary>What a relation's rows come from.</summary>
/// <param name="Tables">The tables under it, itself if it is one.</param>
/// <param name="Problem">Why a change of them is not all that can change its rows.</param>
/// <param name="Culprit">What the problem is about.</param>
internal sealed record CatalogSource(IReadOnlySet<string> Tables, CatalogProblem Problem, string? Culprit);

/// <summary>Why the rows of a relation cannot be traced to tables.</summary>
internal enum CatalogProblem
{
    None,
    Unknown,
    MaterializedView,
    ForeignTable,
    Temporary,
    Volatile,
    Opaque,
    RowSecurity,
    Inherited,
}
