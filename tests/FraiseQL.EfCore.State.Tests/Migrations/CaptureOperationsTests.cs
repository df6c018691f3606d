using FraiseQL.EfCore.State.Migrations;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace FraiseQL.EfCore.State.Tests.Migrations;

/// <summary>Where the SQL of capture stands between the operations of a migration.</summary>
public sealed class CaptureOperationsTests
{
    private const string Posts = "v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id; text=title";
    private const string Key = "FraiseQL:Capture";

    [Fact]
    public void A_new_table_is_captured_before_its_rows_are_seeded()
        => Assert.Equal(
            ["AlterDatabase", "log", "CreateTable", "create public.posts", "InsertData"],
            Places(m =>
            {
                m.AlterDatabase().Annotation("FraiseQL:EventLog", "v1");
                m.CreateTable("posts", t => new { id = t.Column<int>() }).Annotation(Key, Posts);
                m.InsertData("posts", "id", 1);
            }));

    [Fact]
    public void A_new_column_is_captured_once_it_is_there_and_the_old_capture_stays_until_then()
        => Assert.Equal(
            ["AlterTable", "AlterColumn", "drop public.posts", "AddColumn", "create public.posts", "Sql"],
            Places(m =>
            {
                m.AlterTable("posts").Annotation(Key, Posts + "; plain=rank").OldAnnotation(Key, Posts);
                m.AlterColumn<string>("title", "posts", nullable: false, oldNullable: true);
                m.AddColumn<int>("rank", "posts");
                m.Sql("update posts set rank = 1");
            }));

    [Fact]
    public void A_dropped_column_takes_the_old_capture_with_it()
        => Assert.Equal(
            ["drop public.posts", "DropColumn", "AddColumn", "AlterTable", "create public.posts"],
            Places(m =>
            {
                m.DropColumn("author_id", "posts");
                m.AddColumn<int>("unrelated", "tags");
                m.AlterTable("posts").Annotation(Key, "v1; schema=public; table=posts; entity=Post; key=id; columns=id; text=title").OldAnnotation(Key, Posts);
            }));

    [Fact]
    public void A_retyped_column_takes_the_old_capture_with_it()
        => Assert.Equal(
            ["AlterTable", "drop public.posts", "AlterColumn", "create public.posts"],
            Places(m =>
            {
                m.AlterTable("posts").Annotation(Key, Posts.Replace("text=title", "plain=title", StringComparison.Ordinal)).OldAnnotation(Key, Posts);
                m.AlterColumn<int>("title", "posts");
            }));

    [Fact]
    public void A_renamed_table_is_captured_under_its_new_name_and_a_new_table_may_take_the_old_one()
        => Assert.Equal(
            ["RenameTable", "drop public.posts", "AlterTable", "create blog.articles", "CreateTable", "create public.posts"],
            Places(m =>
            {
                m.RenameTable("posts", newName: "articles", newSchema: "blog");
                m.AlterTable("articles", "blog")
                    .Annotation(Key, "v1; schema=blog; table=articles; entity=Post; key=id; columns=id,author_id; text=title").OldAnnotation(Key, Posts);
                m.CreateTable("posts", t => new { id = t.Column<int>() }).Annotation(Key, Posts);
            }));

    [Fact]
    public void Turning_capture_off_and_dropping_a_table_leave_no_function()
        => Assert.Equal(
            ["drop public.posts", "AlterTable", "DropTable", "drop sales.orders"],
            Places(m =>
            {
                m.AlterTable("posts").OldAnnotation(Key, Posts);
                m.DropTable("orders", "sales");
            }));

    [Fact]
    public void Nothing_is_added_when_capture_did_not_change()
        => Assert.Equal(
            ["AlterDatabase", "AlterTable", "AddColumn"],
            Places(m =>
            {
                m.AlterDatabase(oldCollation: "x").Annotation("FraiseQL:EventLog", "v1").OldAnnotation("FraiseQL:EventLog", "v1");
                m.AlterTable("posts", comment: "c").Annotation(Key, Posts).OldAnnotation(Key, Posts);
                m.AddColumn<int>("rank", "posts");
            }));

    [Fact]
    public void The_log_is_kept_on_the_way_down()
        => Assert.Equal(["AlterDatabase"], Places(m => m.AlterDatabase().OldAnnotation("FraiseQL:EventLog", "v1")));

    private static string[] Places(Action<MigrationBuilder> build)
    {
        var migration = new MigrationBuilder("Npgsql.EntityFrameworkCore.PostgreSQL");
        build(migration);
        return [.. CaptureOperations.AddCapture(migration.Operations).Select(Describe)];
    }

    private static string Describe(MigrationOperation operation) => operation switch
    {
        SqlOperation { Sql: var sql } when sql.StartsWith("create or replace function fraiseql.\"", StringComparison.Ordinal) => "create " + sql.Split('"')[1],
        SqlOperation { Sql: var sql } when sql.StartsWith("drop function", StringComparison.Ordinal) => "drop " + sql.Split('"')[1],
        SqlOperation { Sql: var sql } when sql.Contains("create table if not exists fraiseql.change_event", StringComparison.Ordinal) => "log",
        _ => operation.GetType().Name.Replace("Operation", "", StringComparison.Ordinal),
    };
}
