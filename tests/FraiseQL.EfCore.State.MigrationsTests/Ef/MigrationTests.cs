namespace FraiseQL.EfCore.State.MigrationsTests.Ef;

/// <summary>What <c>dotnet ef</c> makes of a model with <c>UseFraiseQLState()</c>.</summary>
[Feature("P-migrations")]
public sealed class MigrationTests(MigrationRun run) : IClassFixture<MigrationRun>
{
    [Fact]
    public void The_first_migration_contains_the_log_and_the_captures_as_annotations()
        => Approved.Match(run.FirstMigration, "First.migration");

    [Fact]
    public void The_second_migration_contains_what_changed()
        => Approved.Match(run.SecondMigration, "Second.migration");

    [Fact]
    public void The_snapshot_says_which_templates_it_was_made_for()
        => Assert.Contains("\"FraiseQL:TemplateVersion\", \"v1\"", run.Snapshot, StringComparison.Ordinal);

    [Fact]
    public void The_scripts_contain_the_log_the_functions_and_the_triggers()
    {
        Approved.Match(Normalized(run.FirstScript), "First.sql");
        Approved.Match(Normalized(run.SecondScript), "Second.sql");
    }

    [Fact]
    public void Nothing_is_pending_when_nothing_changed_and_an_added_migration_is_empty()
    {
        Assert.Contains("No changes have been made to the model since the last migration.", run.PendingAfterFirst, StringComparison.Ordinal);
        Assert.Contains("No changes have been made to the model since the last migration.", run.PendingAfterSecond, StringComparison.Ordinal);
        Assert.DoesNotContain("migrationBuilder.", run.EmptyMigration, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_captured_table_has_its_function_and_triggers_after_each_step()
    {
        const string others =
            """
            public.books: books.fraiseql_delete books.fraiseql_insert books.fraiseql_truncate books.fraiseql_update
            public.post_tags: post_tags.fraiseql_delete post_tags.fraiseql_insert post_tags.fraiseql_truncate post_tags.fraiseql_update
            public.posts: posts.fraiseql_delete posts.fraiseql_insert posts.fraiseql_truncate posts.fraiseql_update
            public.tags: tags.fraiseql_delete tags.fraiseql_insert tags.fraiseql_truncate tags.fraiseql_update
            sales.Orders: sales."Orders".fraiseql_delete sales."Orders".fraiseql_insert sales."Orders".fraiseql_truncate sales."Orders".fraiseql_update
            sales.addresses: sales.addresses.fraiseql_delete sales.addresses.fraiseql_insert sales.addresses.fraiseql_truncate sales.addresses.fraiseql_update
            sales.order_lines: sales.order_lines.fraiseql_delete sales.order_lines.fraiseql_insert sales.order_lines.fraiseql_truncate sales.order_lines.fraiseql_update
            """;
        const string people = "public.people: people.fraiseql_delete people.fraiseql_insert people.fraiseql_truncate people.fraiseql_update";
        var expectedFirst = string.Join('\n', others.Split('\n')
            .Append(people)
            .Append("public.authors: authors.fraiseql_delete authors.fraiseql_insert authors.fraiseql_truncate authors.fraiseql_update")
            .Append("public.drafts: drafts.fraiseql_delete drafts.fraiseql_insert drafts.fraiseql_truncate drafts.fraiseql_update")
            .Order(StringComparer.Ordinal));
        Assert.Equal(expectedFirst, run.Captures["First"]);
        Assert.Equal(expectedFirst, run.Captures["Down to First"]);
        var expectedSecond = string.Join('\n', others.Split('\n').Where(l => !l.StartsWith("public.posts:", StringComparison.Ordinal))
            .Append(people)
            .Append("blog.articles: blog.articles.fraiseql_delete blog.articles.fraiseql_insert blog.articles.fraiseql_truncate blog.articles.fraiseql_update")
            .Append("public.notes: notes.fraiseql_delete notes.fraiseql_insert notes.fraiseql_truncate notes.fraiseql_update")
            .Order(StringComparer.Ordinal));
        Assert.Equal(expectedSecond, run.Captures["Second"]);
        Assert.Equal(expectedSecond, run.Captures["Up again"]);
        Assert.Equal(expectedSecond, run.Captures["Bundle"]);
        Assert.Equal("", run.Captures["Down to nothing"]);
    }

    [Fact]
    public void PostgreSQL_18_goes_up_down_and_up_again_to_the_same_captures_and_events()
    {
        string[] steps = ["First", "Second", "Down to First", "Down to nothing", "Up again"];
        Assert.All(steps, step => Assert.Equal(run.Captures[step], run.Captures[step + " on 18"]));
        Assert.All(["First", "During Second", "Second", "Down to First"], step => Assert.Equal(run.Events[step], run.Events[step + " on 18"]));
    }

    [Fact]
    public void Writes_are_captured_by_the_triggers_of_each_step()
    {
        Assert.Equal(
            """
            public.authors Author I {"id": 1} {"id": 1}
            public.posts Post I {"id": 1} {"id": 1, "author_id": 1}
            public.posts Post I {"id": 2} {"id": 2, "author_id": 1}
            public.people Person I {"id": 1} {"id": 1} data {"id": 1, "name": "Ada", "email": null, "phone": null, "status": 2} old
            public.people Person U {"id": 1} {"id": 1} {email,phone} data {"id": 1, "name": "Ada", "email": "a@x", "phone": "5", "status": 2} old
            """, run.Events["First"]);
        Assert.Equal(
            """
            public.notes Note I {"id": 2} {"id": 2}
            blog.articles Post U {"article_id": 1} {"note_id": 2, "article_id": 1} {note_id}
            blog.articles Post D {"article_id": 2}
            public.people Person U {"id": 1} {"id": 1, "status": 2} {phone} data {"id": 1, "name": "Ada", "phone": "***", "status": 2} old {"id": 1, "name": "Ada", "phone": "***", "status": 2}
            public.people Person U {"id": 1} {"id": 1, "status": 2} {} data {"id": 1, "name": "Ada", "phone": "***", "status": 2} old {"id": 1, "name": "Ada", "phone": "***", "status": 2}
            """, run.Events["Second"]);
        Assert.Equal(
            """
            public.authors Author I {"id": 5} {"id": 5}
            public.posts Post U {"id": 1} {"id": 1, "author_id": 0} {title}
            public.people Person U {"id": 1} {"id": 1} {phone} data {"id": 1, "name": "Ada", "email": "b@x", "phone": "7", "status": 2} old
            """, run.Events["Down to First"]);
    }

    [Fact]
    public void The_log_outlives_the_migrations()
        => Assert.Equal("TrueTrue", run.LogAfterDown);

    [Theory]
    [InlineData(PostgresRelease.AtHand)]
    [InlineData(PostgresRelease.Eighteen)]
    public async Task An_idempotent_script_gives_the_same_database_however_often_it_is_applied(PostgresRelease release)
        => Assert.Equal(run.Captures["Second"], await MigrationRun.CapturesOfScriptAsync(run.IdempotentScript, times: 2, release));

    // The date in a migration's id.
    private static string Normalized(string script)
        => System.Text.RegularExpressions.Regex.Replace(script, @"\d{14}_", "DATE_");
}
