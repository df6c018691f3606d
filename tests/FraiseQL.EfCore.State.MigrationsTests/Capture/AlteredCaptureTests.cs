using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>Triggers that are all there and enabled, and are not what the migrations made.</summary>
public abstract class AlteredCaptureTests(PostgresRelease release)
{
    private const string PostsFunction = "fraiseql.\"public.posts\"()";

    [Theory]
    [InlineData("create or replace function fraiseql.\"public.posts\"() returns trigger language plpgsql as 'begin return null; end'")]
    [InlineData("do $$ begin execute replace(pg_get_functiondef('fraiseql.\"public.posts\"'::regproc), '''U''', '''I'''); end $$")]
    [InlineData("alter function fraiseql.\"public.posts\"() reset search_path")]
    [InlineData("alter function fraiseql.\"public.posts\"() set timezone = 'Europe/Paris'")]
    [InlineData("alter function fraiseql.\"public.posts\"() security invoker")]
    [Feature("S7.2-triggers")]
    public async Task A_function_that_somebody_has_replaced_or_altered_is_named_and_its_table_is_not_cached(string sql)
    {
        var (database, model) = await CreateAsync();
        await database.RunAsync(sql);
        var altered = await CheckAsync(database, model);
        Assert.StartsWith("The functions fraiseql.\"public.posts\" are not what the migrations made", Assert.Single(altered.Problems), StringComparison.Ordinal);
        Assert.False(altered.IsSound);
        Assert.Equal(model.Tables.Select(t => t.Relation).Where(t => t != "public.posts"), altered.Verified.Order(StringComparer.Ordinal));
        await MendAsync(database, model, altered);
    }

    [Theory]
    [InlineData("after update on posts referencing old table as fraiseql_old new table as fraiseql_new for each statement when (current_setting('fraiseql.off', true) is null)")]
    [InlineData("after update on posts referencing old table as fraiseql_old for each statement")]
    [InlineData("after update on posts for each row")]
    [InlineData("before update on posts for each statement")]
    [Feature("S7.2-triggers")]
    public async Task A_trigger_that_was_made_in_another_way_is_no_trigger_of_ours(string definition)
    {
        var (database, model) = await CreateAsync();
        await database.RunAsync($"drop trigger fraiseql_update on posts; create trigger fraiseql_update {definition} execute function {PostsFunction}");
        var altered = await CheckAsync(database, model);
        Assert.StartsWith("The triggers of public.posts are not what the migrations made", Assert.Single(altered.Problems), StringComparison.Ordinal);
        Assert.False(altered.IsSound);
        Assert.DoesNotContain("public.posts", altered.Verified);
        Assert.Equal(model.Tables.Count - 1, altered.Verified.Count);
        await MendAsync(database, model, altered);
    }

    [Fact]
    [Feature("S7.2-triggers")]
    public async Task A_trigger_that_calls_a_function_of_somebody_else_is_missing()
    {
        var (database, model) = await CreateAsync();
        await database.RunAsync(
            """
            create function mine() returns trigger language plpgsql as 'begin return null; end';
            drop trigger fraiseql_update on posts;
            create trigger fraiseql_update after update on posts referencing old table as fraiseql_old new table as fraiseql_new for each statement execute function mine()
            """);
        var altered = await CheckAsync(database, model);
        Assert.StartsWith("Changes of public.posts are not captured: triggers are missing", Assert.Single(altered.Problems), StringComparison.Ordinal);
        Assert.DoesNotContain("public.posts", altered.Verified);
    }

    [Fact]
    [Feature("S7.2-triggers")]
    public async Task White_space_that_scripts_and_editors_change_is_no_difference()
    {
        var (database, model) = await CreateAsync();
        foreach (var space in (string[])["E'\\r\\n'", "E'\\n    '", "E'   \\t\\n\\n'"])
        {
            // All of them, those of the log included.
            await database.RunAsync(
                $"""
                do $$ declare f oid; begin
                    for f in select oid from pg_proc where pronamespace = 'fraiseql'::regnamespace loop
                        execute replace(pg_get_functiondef(f), E'\n', {space});
                    end loop;
                end $$
                """);
            var same = await CheckAsync(database, model);
            Assert.Empty(same.Problems);
            Assert.Equal(model.Tables.Count, same.Verified.Count);
        }
    }

    [Theory]
    [InlineData("create or replace function fraiseql.invalidate(what json) returns void language sql as ''", "fraiseql.invalidate", true)]
    [InlineData("drop function fraiseql.prune", "fraiseql.prune", true)]
    [InlineData("create or replace function fraiseql.context() returns jsonb language sql as 'select null::jsonb'", "fraiseql.context", false)]
    [Feature("S7.2-triggers")]
    public async Task A_function_of_the_log_that_was_altered_is_named_and_where_it_may_lose_changes_nothing_is_cached(string sql, string name, bool isEssential)
    {
        var (database, model) = await CreateAsync();
        await database.RunAsync(sql);
        var altered = await CheckAsync(database, model);
        Assert.StartsWith($"The functions {name} of the event log are missing, or not what the migrations made.", Assert.Single(altered.Problems), StringComparison.Ordinal);
        Assert.False(altered.IsSound);
        Assert.Equal(isEssential ? 0 : model.Tables.Count, altered.Verified.Count);

        await database.RunAsync(CaptureSql.EventLog("v1"));
        Assert.Empty((await CheckAsync(database, model)).Problems);
    }

    [Fact]
    public async Task Functions_that_others_have_put_into_the_schema_are_nobodys_business()
    {
        var (database, model) = await CreateAsync();
        await database.RunAsync(
            """
            create function fraiseql.prune(most int) returns bigint language sql as 'select 0';
            create function fraiseql."public.posts"(id int) returns bigint language sql as 'select 0';
            create function fraiseql.mine() returns trigger language plpgsql as 'begin return null; end'
            """);
        Assert.Empty((await CheckAsync(database, model)).Problems);
    }

    // What the message says to do.
    private static async Task MendAsync(CaptureDatabase database, CaptureModel model, CaptureReport altered)
    {
        Assert.Contains("In one transaction run DROP FUNCTION", altered.Problems[0], StringComparison.Ordinal);
        var posts = model.Find("public.posts")!;
        await database.RunAsync($"begin; drop function {PostsFunction} cascade; {CaptureSql.Create(CaptureAnnotation.From(posts), posts.Schema)} commit");
        var mended = await CheckAsync(database, model);
        Assert.Empty(mended.Problems);
        Assert.Equal(model.Tables.Count, mended.Verified.Count);
    }

    private static async Task<CaptureReport> CheckAsync(CaptureDatabase database, CaptureModel model)
    {
        await using var connection = await database.OpenAsync();
        return await CaptureCheck.CheckAsync(connection, model, rowSecurityIsScoped: false, CancellationToken.None);
    }

    private async Task<(CaptureDatabase Database, CaptureModel Model)> CreateAsync()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await using var context = new CaptureContext(database.ConnectionString);
        return (database, CaptureModel.For(context.Model));
    }
}

public sealed class AlteredCaptureTestsAtHand() : AlteredCaptureTests(PostgresRelease.AtHand);

public sealed class AlteredCaptureTestsOn18() : AlteredCaptureTests(PostgresRelease.Eighteen);
