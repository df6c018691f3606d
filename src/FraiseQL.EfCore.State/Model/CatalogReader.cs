using System.Data.Common;

namespace FraiseQL.EfCore.State.Model;

/// <summary>Reads the server's catalog, which every role may. One round trip.</summary>
internal static class CatalogReader
{
    // A view's definition is a tree that the server prints in pg_rewrite.ev_action. pg_depend does not list what is pinned (the server's own
    // functions and tables), the tree does.
    private const string Sql =
        """
        select n.nspname || '.' || c.relname, c.relkind::text, c.relrowsecurity, c.relpersistence = 't',
            array(select hn.nspname || '.' || h.relname
                  from pg_catalog.pg_inherits i join pg_catalog.pg_class h on h.oid = i.inhrelid join pg_catalog.pg_namespace hn on hn.oid = h.relnamespace
                  where i.inhparent = c.oid and not h.relispartition and c.relkind = 'r' order by 1)
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)';

        with view as (
            select n.nspname || '.' || c.relname as name, c.oid, r.oid as rule, r.ev_action::text as tree
            from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where r.ev_type = '1' and c.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema')),
        used as (
            select v.name, v.oid, d.refobjid as used from view v join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass
                and d.objid = v.rule and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype = 'n'
            union select v.name, v.oid, m[1]::oid from view v, regexp_matches(v.tree, ':relid (\d+)', 'g') m)
        select distinct u.name, 'r', (n.nspname || '.' || c.relname)::text from used u
            join pg_catalog.pg_class c on c.oid = u.used join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where u.used <> u.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
        union select v.name, case when n.nspname = 'pg_catalog' then 'b' else 'f' end || p.provolatile::text, p.proname::text
            from view v, regexp_matches(v.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') m
            join pg_catalog.pg_proc p on p.oid = m[1]::oid join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where p.provolatile <> 'i'
        union select v.name, 'x', m[1] from view v, regexp_matches(v.tree, '\{(SQLVALUEFUNCTION|NEXTVALUEEXPR|TABLESAMPLECLAUSE|ROWMARKCLAUSE)', 'g') m
        order by 1, 2, 3;
        """;

    /// <summary>Reads on an open connection.</summary>
    public static async ValueTask<DatabaseCatalog> ReadAsync(DbConnection connection, bool async, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using var disposeCommand = command.ConfigureAwait(false);
        command.CommandText = Sql;
        var reader = async ? await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false) : command.ExecuteReader();
        await using var disposeReader = reader.ConfigureAwait(false);
        var relations = new List<CatalogRelation>();
        while (async ? await reader.ReadAsync(cancellationToken).ConfigureAwait(false) : reader.Read())
        {
            relations.Add(new CatalogRelation(
                reader.GetString(0), reader.GetString(1)[0], reader.GetBoolean(2), reader.GetBoolean(3), [], reader.GetFieldValue<string[]>(4), null, null));
        }

        var definitions = new Dictionary<string, List<(string Kind, string Name)>>(StringComparer.Ordinal);
        _ = async ? await reader.NextResultAsync(cancellationToken).ConfigureAwait(false) : reader.NextResult();
        while (async ? await reader.ReadAsync(cancellationToken).ConfigureAwait(false) : reader.Read())
        {
            var view = reader.GetString(0);
            if (!definitions.TryGetValue(view, out var parts))
            {
                definitions[view] = parts = [];
            }

            parts.Add((reader.GetString(1), reader.GetString(2)));
        }

        return new DatabaseCatalog(relations.Select(r => definitions.TryGetValue(r.Name, out var parts) ? Define(r, parts) : r));
    }

    private static CatalogRelation Define(CatalogRelation view, List<(string Kind, string Name)> parts) => view with
    {
        Uses = [.. parts.Where(p => p.Kind == "r").Select(p => p.Name)],

        // A function of the server that is merely STABLE reads no table of the user's; one of the user's own may.
        Volatile = parts.FirstOrDefault(p => p.Kind == "x" || p.Kind.EndsWith('v') || (p.Kind[0] == 'b' && ServerFunctions.IsVolatile(p.Name))).Name,
        Opaque = parts.FirstOrDefault(p => p.Kind == "fs").Name,
    };
}
