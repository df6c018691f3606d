using FraiseQL.EfCore.State.Model;
using Npgsql;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>Compares what a database captures with the model. Reads the catalog only, which every role may.</summary>
internal static class CaptureCheck
{
    // pg_trigger.tgtype: statement triggers after INSERT, DELETE, UPDATE and TRUNCATE.
    private const int AllEvents = 4 | 8 | 16 | 32;

    private const string LogSql =
        """
        select exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                       where n.nspname = 'fraiseql' and c.relname = 'change_event')
        """;

    private const string CaptureSqlText =
        """
        select m.relation, pg_catalog.obj_description(p.oid, 'pg_proc'),
            coalesce(bit_or(t.tgtype), 0)::int,
            coalesce(bit_or(t.tgtype) filter (where t.tgenabled in ('O', 'A')), 0)::int,
            coalesce(bool_or(c.relrowsecurity), false),
            coalesce(bool_or(c.relkind = 'p' and exists (
                select from pg_catalog.pg_partition_tree(c.oid) part
                join pg_catalog.pg_class leaf on leaf.oid = part.relid and leaf.relkind in ('r', 'p')
                where part.relid <> c.oid and 60 <> (
                    select coalesce(bit_or(e.tgtype), 0)::int & 60 from pg_catalog.pg_trigger e
                    where e.tgrelid = part.relid and e.tgfoid = p.oid and e.tgenabled in ('O', 'A')))), false)
        from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as m (relation, function, schema, name)
        join pg_catalog.pg_namespace f on f.nspname = 'fraiseql'
        join pg_catalog.pg_proc p on p.pronamespace = f.oid and p.proname = m.function
        left join pg_catalog.pg_class c on c.relname = m.name and c.relkind in ('r', 'p')
            and (c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = m.schema) or pg_catalog.pg_table_is_visible(c.oid))
        left join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgfoid = p.oid
        group by m.relation, p.oid
        """;

    // Sessions that begin as replicas fire no trigger that is enabled as usual.
    private const string ReplicaRolesSql =
        """
        select coalesce(r.rolname, 'every role')::text
        from pg_catalog.pg_db_role_setting s left join pg_catalog.pg_roles r on r.oid = s.setrole
        where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
            and 'session_replication_role=replica' = any (s.setconfig)
        order by 1
        """;

    /// <summary>Compares the database of an open connection with the model.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="model">What should be captured.</param>
    /// <param name="rowSecurityIsScoped">Whether keys hold the settings that policies read (<c>VaryBySessionVariable</c>).</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static async Task<CaptureReport> CheckAsync(
        NpgsqlConnection connection, CaptureModel model, bool rowSecurityIsScoped, CancellationToken cancellationToken)
    {
        var tables = model.Tables;
        var batch = new NpgsqlBatch(connection);
        await using var disposeBatch = batch.ConfigureAwait(false);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LogSql));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReplicaRolesSql));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(CaptureSqlText)
        {
            Parameters =
            {
                new NpgsqlParameter<string[]> { TypedValue = [.. tables.Select(t => t.Relation)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. tables.Select(t => CaptureSql.FunctionName(t.Schema, t.Name))] },
                new NpgsqlParameter<string[]> { TypedValue = [.. tables.Select(t => t.Schema)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. tables.Select(t => t.Name)] },
            },
        });

        bool logPresent;
        var replicas = new List<string>();
        var found = new Dictionary<string, Found>(StringComparer.Ordinal);
        var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            logPresent = reader.GetBoolean(0);
            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                replicas.Add(reader.GetString(0));
            }

            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                found[reader.GetString(0)] = new(reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetBoolean(4), reader.GetBoolean(5));
            }
        }

        var report = Compare(tables, logPresent, found, rowSecurityIsScoped);
        return replicas.Count == 0 ? report : report with { Problems = [.. report.Problems, StateStrings.ReplicaRoles(replicas)], IsSound = false };
    }

    private static CaptureReport Compare(IReadOnlyList<CapturedTable> tables, bool logPresent, Dictionary<string, Found> found, bool rowSecurityIsScoped)
    {
        var verified = new HashSet<string>(StringComparer.Ordinal);
        var missing = new List<string>();
        var other = new List<string>();
        var disabled = new List<string>();
        var uncovered = new List<string>();
        var secured = new List<string>();
        foreach (var table in tables)
        {
            if (!logPresent || !found.TryGetValue(table.Relation, out var capture) || (capture.Triggers & AllEvents) != AllEvents)
            {
                missing.Add(table.Relation);
            }
            else if (capture.Annotation != CaptureAnnotation.Text(table))
            {
                other.Add(table.Relation);
            }
            else if ((capture.Enabled & AllEvents) != AllEvents)
            {
                disabled.Add(table.Relation);
            }
            else if (capture.Uncovered)
            {
                uncovered.Add(table.Relation);
            }
            else if (capture.RowSecurity && !rowSecurityIsScoped)
            {
                // Which rows a session sees hangs on its role and settings, which are not part of a key: such rows must not be shared.
                secured.Add(table.Relation);
            }
            else
            {
                verified.Add(table.Relation);
            }
        }

        var problems = new List<string>();
        if (!logPresent)
        {
            problems.Add(StateStrings.NoEventLog);
        }
        else if (missing.Count > 0)
        {
            problems.Add(StateStrings.CaptureMissing(missing));
        }

        if (other.Count > 0)
        {
            problems.Add(StateStrings.CaptureOfAnotherModel(other));
        }

        if (disabled.Count > 0)
        {
            problems.Add(StateStrings.CaptureDisabled(disabled));
        }

        if (uncovered.Count > 0)
        {
            problems.Add(StateStrings.PartitionsUncovered(uncovered));
        }

        var isSound = problems.Count == 0;
        if (secured.Count > 0)
        {
            problems.Add(StateStrings.RowSecurity(secured));
        }

        return new CaptureReport(logPresent, verified, problems, isSound);
    }

    private readonly record struct Found(string? Annotation, int Triggers, int Enabled, bool RowSecurity, bool Uncovered);
}
