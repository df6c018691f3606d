using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>Capture is in the writer's transaction, so it must not fail where the write alone would not.</summary>
public sealed class WriterSafetyTests
{
    [Fact]
    [Feature("U-48-least-privilege")]
    public async Task A_role_without_rights_on_the_log_can_write_and_cannot_reach_the_log()
    {
        var database = await CaptureDatabase.CreateAsync();
        var role = "writer_" + Guid.NewGuid().ToString("n");
        await database.RunAsync($"create role {role}; grant select, insert, update, delete, truncate on posts, post_tags to {role}");
        try
        {
            await database.RunAsync(
                $"""
                set role {role};
                -- Objects of the same names in front of the system's must not be taken.
                create temp table change_event (relation text);
                create function pg_temp.to_jsonb(anyelement) returns jsonb language sql as 'select null::jsonb';
                create domain pg_temp.jsonb as text check (false);
                insert into posts values (1, 1, 'a', null);
                update posts set title = 'b';
                delete from posts;
                truncate posts, post_tags
                """);
            Assert.Equal(5, (await database.TakeAsync()).Split('\n').Length);

            foreach (var forbidden in (string[])
                     [
                         "select * from fraiseql.change_event", "insert into fraiseql.change_event (entity, relation, op) values ('a', 'b', 'I')",
                         "select fraiseql.context()", "create temp table t (id int); create trigger t after insert on t execute function fraiseql.\"public.posts\"()",
                     ])
            {
                var error = await Assert.ThrowsAsync<PostgresException>(() => database.RunAsync($"set role {role}; {forbidden}"));
                Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
            }
        }
        finally
        {
            await database.RunAsync($"drop owned by {role}; drop role {role}");
        }
    }

    [Fact]
    public async Task Odd_and_huge_values_do_not_break_the_writer()
    {
        var database = await CaptureDatabase.CreateAsync();
        const string odd = "quote ' and \" and \\ and $EF$ and $fraiseql$ and 😀 and \u0001 and \u2028";
        await using (var connection = await database.OpenAsync())
        {
            await using var insert = new NpgsqlCommand("insert into posts values (1, 1, $1, 'NaN'), (2, 1, $2, 'Infinity')", connection);
            insert.Parameters.Add(new() { Value = odd });
            insert.Parameters.Add(new() { Value = string.Concat(Enumerable.Range(0, 1_000_000).Select(i => $"{i:x8} ")) }); // 9 MB
            await insert.ExecuteNonQueryAsync();
        }

        await database.RunAsync("update posts set title = title || '!'");
        Assert.Equal([odd, "9000000", odd + "!", "9000001"], await database.QueryAsync(
            "select case when length(data->>'title') < 1000 then data->>'title' else length(data->>'title')::text end from fraiseql.change_event order by seq"));
        Assert.Equal(["NaN", "Infinity"], await database.QueryAsync("select data->>'rating' from fraiseql.change_event where op = 'I' order by seq"));
    }

    [Fact]
    public async Task A_row_that_has_no_JSON_form_is_logged_without_data()
    {
        var database = await CaptureDatabase.CreateAsync();
        var accounts = "accounts_" + new string('x', 54);

        // json takes what jsonb refuses; and 140 million bytes have more hexadecimal digits than a jsonb string may.
        await database.RunAsync(
            $$"""
            insert into {{accounts}} (bank, at, n, raw) values ('a', '2026-01-01Z', 'NaN', '{"a": "\u0000"}'), ('b', '2026-01-01Z', '-Infinity', '{"a": 1}');
            update {{accounts}} set raw = '{"a": "\ud800"}' where bank = 'b';
            alter table posts add column bytes bytea;
            insert into posts values (1, 1, 'a', null, convert_to(repeat('x', 140000000), 'UTF8'))
            """);

        Assert.Equal(["I a null", "I b {\"a\": 1}", "U b null", "I - null"], await database.QueryAsync(
            "select concat_ws(' ', op, coalesce(trim(key->>'bank'), '-'), coalesce(data->>'raw', 'null')) from fraiseql.change_event order by seq"));
    }

    [Fact]
    public async Task The_writer_s_context_is_logged_and_text_that_is_not_JSON_is_dropped()
    {
        var database = await CaptureDatabase.CreateAsync();
        await database.RunAsync(
            """
            insert into posts values (1, 1, 'a', null);
            set fraiseql.ctx = '{"actor": "Ada"}'; update posts set title = 'b';
            set fraiseql.ctx = '{broken'; update posts set title = 'c';
            set fraiseql.ctx = '{"a": "\u0000"}'; update posts set title = 'd';
            set fraiseql.ctx = ''; delete from posts
            """);
        Assert.Equal(["null", """{"actor": "Ada"}""", "null", "null", "null"], await database.QueryAsync("select ctx from fraiseql.change_event order by seq"));
    }

    [Fact]
    public async Task A_writer_s_settings_do_not_change_what_is_logged()
    {
        var database = await CaptureDatabase.CreateAsync();
        await database.RunAsync(
            """
            create schema trap;
            create table trap.change_event (id int);
            create function trap.to_jsonb(anyelement) returns jsonb language sql as 'select null::jsonb';
            set search_path = trap, public, pg_catalog; set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set plpgsql.variable_conflict = 'use_column';
            insert into posts values (1, 1, 'a', null)
            """);
        Assert.Equal("""public.posts Post I {"id": 1} - {"id": 1, "author_id": 1}""", await database.TakeAsync());
    }

    [Fact]
    public async Task Columns_called_like_the_function_s_own_names_are_no_trouble()
    {
        // The function is made from the annotation alone, so a table of a model is not needed.
        var database = await CaptureDatabase.CreateAsync();
        await database.RunAsync("create table odd (n int primary key, o int, ctx text, key text, found text, tg_op text, fraiseql text, \"{{table}}\" text, \"o.n\" text)");
        await database.RunAsync(State.Migrations.CaptureSql.Create(
            State.Migrations.CaptureAnnotation.Parse("v1; schema=public; table=odd; entity=Odd; key=n; columns=n,o; text=ctx,key,found,tg_op,fraiseql,%7B%7Btable%7D%7D,o.n"), null));
        await database.RunAsync("insert into odd values (1, 2); update odd set o = 3, ctx = 'x', \"{{table}}\" = 'y', \"o.n\" = 'z'; delete from odd; truncate odd");
        Assert.Equal(
            """
            public.odd Odd I {"n": 1} - {"n": 1, "o": 2}
            public.odd Odd U {"n": 1} {"n": 1, "o": 2} {"n": 1, "o": 3} {o,ctx,"{{table}}",o.n}
            public.odd Odd D {"n": 1} {"n": 1, "o": 3} -
            public.odd Odd T - - -
            """, await database.TakeAsync());
    }
}
