using FraiseQL.EfCore.State.Model;
using Npgsql;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>What <see cref="CaptureCheck"/> is for triggers, where there should be none (<c>Cdc:Triggers=false</c>).</summary>
internal static class ApplicationCaptureCheck
{
    private const string Text =
        """
        select m.relation, c.relrowsecurity,
            exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and t.tgname = 'fraiseql_insert' and t.tgenabled in ('O', 'A'))
        from unnest($1::text[], $2::text[], $3::text[]) as m (relation, schema, name)
        join pg_catalog.pg_class c on c.relname = m.name and c.relkind in ('r', 'p')
            and (c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = m.schema) or pg_catalog.pg_table_is_visible(c.oid))
        """;

    public static async Task<CaptureReport> CheckAsync(
        NpgsqlConnection connection, CaptureModel model, bool rowSecurityIsScoped, CancellationToken cancellationToken)
    {
        var log = new NpgsqlCommand(ApplicationCaptureSql.HasLog, connection);
        await using var disposeLog = log.ConfigureAwait(false);
        if (!(bool)(await log.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
        {
            return new CaptureReport(false, new HashSet<string>(), [StateStrings.NoEventLog], IsSound: false);
        }

        var altered = await LogFunctions.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        var command = new NpgsqlCommand(Text, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string[]> { TypedValue = [.. model.Tables.Select(t => t.Relation)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. model.Tables.Select(t => t.Schema)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. model.Tables.Select(t => t.Name)] },
            },
        };
        await using var disposeCommand = command.ConfigureAwait(false);
        var verified = new HashSet<string>(StringComparer.Ordinal);
        var secured = new List<string>();
        var triggers = new List<string>();
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var disposeRow = row.ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var relation = row.GetString(0);
            if (row.GetBoolean(2))
            {
                triggers.Add(relation);
            }
            else if (row.GetBoolean(1) && !rowSecurityIsScoped)
            {
                secured.Add(relation);
            }
            else
            {
                verified.Add(relation);
            }
        }

        var problems = new List<string> { StateStrings.WithoutTriggers };
        if (triggers.Count > 0)
        {
            problems.Add(StateStrings.TriggersLeft(triggers));
        }

        if (secured.Count > 0)
        {
            problems.Add(StateStrings.RowSecurity(secured));
        }

        return LogFunctions.Judge(new CaptureReport(true, verified, problems, IsSound: triggers.Count == 0), altered);
    }
}
