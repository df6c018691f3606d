using System.Runtime.CompilerServices;
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

    // Whether the trigger t is one that the templates make: for whole statements, after them, of all rows and columns, with the rows that it needs.
    private const string AsMade =
        """
        (t.tgtype, coalesce(t.tgoldtable, ''), coalesce(t.tgnewtable, '')) in
            ((4, '', 'fraiseql_new'), (8, 'fraiseql_old', ''), (16, 'fraiseql_old', 'fraiseql_new'), (32, '', ''))
            and t.tgqual is null and t.tgattr::text = '' and t.tgnargs = 0
        """;

    private const string CaptureSqlText =
        $"""
        select m.relation, pg_catalog.obj_description(p.oid, 'pg_proc'),
            case when {FunctionBody.ExactHashSql} <> m.body then {FunctionBody.HashSql} end,
            p.prosecdef and p.prolang = (select oid from pg_catalog.pg_language where lanname = 'plpgsql')
                and coalesce(pg_catalog.lower(p.proconfig::text), '') like all (array['%"search_path=pg_catalog, pg_temp"%', '%timezone=utc%']),
            coalesce(bit_or(t.tgtype), 0)::int,
            coalesce(bit_or(t.tgtype) filter (where {AsMade}), 0)::int,
            coalesce(bit_or(t.tgtype) filter (where t.tgenabled in ('O', 'A') and {AsMade}), 0)::int,
            coalesce(bool_or(c.relrowsecurity), false),
            coalesce(bool_or(c.relkind = 'p' and exists (
                select from pg_catalog.pg_partition_tree(c.oid) part
                join pg_catalog.pg_class leaf on leaf.oid = part.relid and leaf.relkind in ('r', 'p')
                where part.relid <> c.oid and 60 <> (
                    select coalesce(bit_or(t.tgtype), 0)::int & 60 from pg_catalog.pg_trigger t
                    where t.tgrelid = part.relid and t.tgfoid = p.oid and t.tgenabled in ('O', 'A') and {AsMade}))), false),
            p.oid::text || ':' || p.xmin::text,
            array_agg(t.oid::text || ':' || t.xmin::text) filter (where t.oid is not null),
            string_agg(distinct (
                select string_agg(other.oid::text || ':' || other.xmin::text, ' ')
                from pg_catalog.pg_partition_tree(c.oid) part join pg_catalog.pg_trigger other on other.tgrelid = part.relid and other.tgfoid = p.oid
                where part.relid <> c.oid), ' ') filter (where c.relkind = 'p')
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as m (relation, function, schema, name, body)
        join pg_catalog.pg_namespace f on f.nspname = 'fraiseql'
        join pg_catalog.pg_proc p on p.pronamespace = f.oid and p.proname = m.function and p.pronargs = 0
        left join pg_catalog.pg_class c on c.relname = m.name and c.relkind in ('r', 'p')
            and (c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = m.schema) or pg_catalog.pg_table_is_visible(c.oid))
        left join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgfoid = p.oid
        group by m.relation, m.body, p.oid, p.xmin::text, p.prosrc, p.prosecdef, p.prolang, p.proconfig
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

    private static readonly ConditionalWeakTable<CapturedTable, Expected> ExpectedOf = [];

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
                new NpgsqlParameter<string[]> { TypedValue = [.. tables.Select(t => Of(t).ExactHash)] },
            },
        });
        batch.BatchCommands.Add(LogFunctions.Command());

        bool logPresent;
        IReadOnlyList<string> altered;
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
                found[reader.GetString(0)] = new(
                    reader.IsDBNull(1) ? null : reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetBoolean(3),
                    reader.GetInt32(4), reader.GetInt32(5), reader.GetInt32(6), reader.GetBoolean(7), reader.GetBoolean(8),
                    Marks(reader));
            }

            await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            altered = await LogFunctions.ReadAsync(reader, cancellationToken).ConfigureAwait(false);
        }

        var report = Compare(tables, logPresent, found, rowSecurityIsScoped);
        if (replicas.Count > 0)
        {
            report = report with { Problems = [.. report.Problems, StateStrings.ReplicaRoles(replicas)], IsSound = false };
        }

        return logPresent ? LogFunctions.Judge(report, altered) : report;
    }

    private static CaptureReport Compare(IReadOnlyList<CapturedTable> tables, bool logPresent, Dictionary<string, Found> found, bool rowSecurityIsScoped)
    {
        var verified = new HashSet<string>(StringComparer.Ordinal);
        var findings = new List<(Finding Finding, CapturedTable Table)>();
        foreach (var table in tables)
        {
            var finding = logPresent && found.TryGetValue(table.Relation, out var capture) ? Judge(table, capture) : Finding.Missing;
            if (finding is Finding.None or Finding.OtherModel)
            {
                if (found[table.Relation].RowSecurity && !rowSecurityIsScoped)
                {
                    // Which rows a session sees hangs on its role and settings, which are not part of a key: such rows must not be shared.
                    findings.Add((Finding.RowSecurity, table));
                }
                else
                {
                    verified.Add(table.Relation);
                }
            }

            findings.Add((finding, table));
        }

        string[] problems =
        [
            .. logPresent ? Say(Finding.Missing, StateStrings.CaptureMissing) : [StateStrings.NoEventLog],
            .. Say(Finding.NewerLibrary, StateStrings.CaptureOfNewerLibrary),
            .. Say(Finding.Unfit, StateStrings.CaptureOfAnotherModel),
            .. Say(Finding.Altered, _ => StateStrings.CaptureAltered(
                [.. findings.Where(f => f.Finding == Finding.Altered).Select(f => CaptureSql.Function(f.Table.Schema, f.Table.Name))])),
            .. Say(Finding.AlteredTriggers, StateStrings.TriggersAltered),
            .. Say(Finding.Disabled, StateStrings.CaptureDisabled),
            .. Say(Finding.Uncovered, StateStrings.PartitionsUncovered),
        ];
        return new CaptureReport(
            logPresent, verified, [.. problems, .. Say(Finding.RowSecurity, StateStrings.RowSecurity), .. Say(Finding.OtherModel, StateStrings.CaptureSuffices)],
            IsSound: problems.Length == 0, IsOfModel: findings.TrueForAll(f => f.Finding != Finding.OtherModel))
        {
            Marks = verified.ToDictionary(relation => relation, relation => found[relation].Marks, StringComparer.Ordinal),
        };

        IEnumerable<string> Say(Finding finding, Func<IReadOnlyCollection<string>, string> text)
            => findings.Where(f => f.Finding == finding).Select(f => f.Table.Relation).ToList() is { Count: > 0 } relations ? [text(relations)] : [];
    }

    private static HashSet<string> Marks(NpgsqlDataReader row)
    {
        var marks = new HashSet<string>(StringComparer.Ordinal) { row.GetString(9) };
        marks.UnionWith(row.IsDBNull(10) ? [] : row.GetFieldValue<string[]>(10));
        marks.UnionWith(row.IsDBNull(11) ? [] : row.GetString(11).Split(' '));
        return marks;
    }

    private static Finding Judge(CapturedTable table, in Found found)
    {
        if ((found.Triggers & AllEvents) != AllEvents)
        {
            return Finding.Missing;
        }

        // What the function says of itself is compared with the model, and its body with what it says of itself.
        var expected = Of(table);
        var said = expected;
        var isOfModel = found.Annotation == expected.Text;
        if (!isOfModel)
        {
            var annotation = found.Annotation ?? "";
            if (!CaptureAnnotation.TryParse(annotation, out var capture))
            {
                return CaptureAnnotation.IsOfNewerLibrary(annotation) ? Finding.NewerLibrary : Finding.Unfit;
            }

            said = new Expected(capture);
        }

        return !found.HasSettings || (found.Body ?? expected.Hash) != said.Hash ? Finding.Altered
            : !isOfModel && !CaptureFit.Suffices(said.Capture, expected.Capture) ? Finding.Unfit
            : (found.AsMade & AllEvents) != AllEvents ? Finding.AlteredTriggers
            : (found.Enabled & AllEvents) != AllEvents ? Finding.Disabled
            : found.Uncovered ? Finding.Uncovered
            : isOfModel ? Finding.None
            : Finding.OtherModel;
    }

    private static Expected Of(CapturedTable table) => ExpectedOf.GetValue(table, static t => new(CaptureAnnotation.From(t)));

    private enum Finding
    {
        None,
        OtherModel,
        Missing,
        NewerLibrary,
        Unfit,
        Altered,
        AlteredTriggers,
        Disabled,
        Uncovered,
        RowSecurity,
    }

    private sealed class Expected
    {
        public Expected(CaptureAnnotation capture)
        {
            var body = FunctionBody.Of(capture);
            (Capture, Text, Hash, ExactHash) = (capture, capture.ToString(), FunctionBody.Hash(body), FunctionBody.ExactHash(body));
        }

        public CaptureAnnotation Capture { get; }

        public string Text { get; }

        public string Hash { get; }

        public string ExactHash { get; }
    }

    // The body's hash is missing where the function is the model's to the letter.
    private readonly record struct Found(
        string? Annotation, string? Body, bool HasSettings, int Triggers, int AsMade, int Enabled, bool RowSecurity, bool Uncovered,
        IReadOnlySet<string> Marks);
}
