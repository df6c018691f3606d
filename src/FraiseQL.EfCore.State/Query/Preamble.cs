using System.Data.Common;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// A statement sent before a query in the same round trip, which says what the rows prove: the snapshot that they contain, and the session's
/// settings that the key claims. Immutable.
/// </summary>
/// <remarks>
/// Under READ COMMITTED each statement has a snapshot of its own, and the later one contains the earlier: what the first sees, the rows
/// reflect. Rows read after a write of the same transaction are not ours to share; the snapshot is then NULL.
/// </remarks>
internal sealed class Preamble
{
    private const string SnapshotColumn = "fraiseql_snapshot";

    private readonly IReadOnlyList<CacheScope> _variables;

    public Preamble(bool hasSnapshot, IReadOnlyList<CacheScope> variables)
    {
        HasSnapshot = hasSnapshot;
        _variables = variables;
        var columns = variables.Select(v => $"pg_catalog.current_setting('{v.Name.Replace("'", "''", StringComparison.Ordinal)}', true)").Prepend(
            (hasSnapshot
                ? "CASE WHEN pg_catalog.pg_current_xact_id_if_assigned() IS NULL THEN pg_catalog.pg_current_snapshot()::pg_catalog.text END AS "
                : "NULL AS ") + SnapshotColumn);
        Sql = $"SELECT {string.Join(", ", columns)};\n";
    }

    public string Sql { get; }

    public bool HasSnapshot { get; }

    public bool IsAnsweredBy(DbDataReader reader) => reader.FieldCount == 1 + _variables.Count && reader.GetName(0) == SnapshotColumn;

    public PgSnapshot? SnapshotOf(DbDataReader reader)
        => HasSnapshot && !reader.IsDBNull(0) && PgSnapshot.TryParse(reader.GetString(0), out var parsed) ? parsed : null;

    /// <summary>Whether the session has the settings that the key says it has. An unset one reads as empty after it was set once.</summary>
    public bool ScopeAgrees(DbDataReader reader, string?[] claims)
    {
        for (var i = 0; i < _variables.Count; i++)
        {
            if (ReferenceEquals(claims[i], CacheScopes.NotClaimed))
            {
                continue;
            }

            var claimed = claims[i] ?? (_variables[i].Name == "role" ? "none" : string.Empty);
            if ((reader.IsDBNull(i + 1) ? string.Empty : reader.GetString(i + 1)) != claimed)
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>The preambles of one runtime.</summary>
internal sealed class Preambles(CacheScopes scopes)
{
    private readonly Preamble _withSnapshot = new(hasSnapshot: true, scopes.SessionVariables);
    private readonly Preamble? _withoutSnapshot = scopes.SessionVariables.Count > 0 ? new(hasSnapshot: false, scopes.SessionVariables) : null;

    public Preamble? For(bool listening) => listening ? _withSnapshot : _withoutSnapshot;
}
