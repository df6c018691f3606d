using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>
/// What triggers would write, as statements of the application (<c>Cdc:Triggers=false</c>): the statement of the capture function's update, between
/// the rows before and after. It says nothing where a trigger does.
/// </summary>
internal static class ApplicationCaptureSql
{
    private const string Begin = "tg_op = 'UPDATE' then\n";
    private const string End = ";\n    elsif";

    /// <summary>Rows are written with times in UTC, as in a capture function, and the session's own zone is put back.</summary>
    public const string Enter =
        "select pg_catalog.set_config('fraiseql.zone', pg_catalog.current_setting('TimeZone'), true), pg_catalog.set_config('TimeZone', 'UTC', true);\n";

    public const string Leave = "select pg_catalog.set_config('TimeZone', pg_catalog.current_setting('fraiseql.zone'), true);\n";

    public const string Ring = "select pg_catalog.pg_notify('fraiseql_events', '') where pg_catalog.pg_try_advisory_xact_lock(7382069844749152620);\n";

    public const string HasLog = "select pg_catalog.to_regclass('fraiseql.change_event') is not null";

    /// <summary>Logs what has become of rows: those before in a parameter, as texts, those now by their keys.</summary>
    public static string Write(CapturedTable table, string name, string oldRows, string keys)
    {
        var function = CaptureSql.Create(CaptureAnnotation.From(table), table.Schema);
        var begin = function.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var statement = function[begin..function.IndexOf(End, begin, StringComparison.Ordinal)];
        return $"""
            with fraiseql_old as (select (y.r).* from (select x::{name} as r from unnest({oldRows}::text[]) x offset 0) y),
            fraiseql_new as (select t.* from {name} t where {keys})
            {statement} and {NoTrigger(name)};

            """;
    }

    /// <summary>Logs that something in a table has changed: no key, no values. Its command tag counts no rows.</summary>
    public static string WriteAny(CapturedTable table, string name)
        => $"""
            with noted as (insert into fraiseql.change_event (entity, relation, op, ctx)
            select {Sql.Literal(table.Entity)}, {Sql.Literal(table.Relation)}, 'M', fraiseql.context() where {NoTrigger(name)} returning 1)
            select count(*) from noted;

            """;

    private static string NoTrigger(string name)
        => "not exists (select from pg_catalog.pg_trigger g "
            + $"where g.tgrelid = {Sql.Literal(name)}::regclass and g.tgname = 'fraiseql_insert' and g.tgenabled in ('O', 'A'))";
}
