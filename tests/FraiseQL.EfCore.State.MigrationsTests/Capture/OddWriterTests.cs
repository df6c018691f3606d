using FraiseQL.EfCore.State.Migrations;
using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>Writes that are not one plain statement on one table.</summary>
public abstract class OddWriterTests(PostgresRelease release)
{
    [Fact]
    [Feature("S2.2-all-changes")]
    public async Task A_generated_column_has_its_value_in_the_event_and_is_changed_with_what_it_is_made_of()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync("create table sums (id int primary key, a int, b int, total int generated always as (a + b) stored)");
        await database.RunAsync(CaptureSql.Create(CaptureAnnotation.Parse("v1; schema=public; table=sums; entity=Sum; key=id; columns=id; plain=a,b,total"), null));
        await database.RunAsync("insert into sums values (1, 2, 3); update sums set a = 4; update sums set a = 5, b = 2");
        Assert.Equal(
            ["5 -", "7 {a,total}", "7 {a,b}"],
            await database.QueryAsync("select concat_ws(' ', data->>'total', coalesce(cols::text, '-')) from fraiseql.change_event order by seq"));
    }

    [Fact]
    [Feature("B-05-external")]
    public async Task Triggers_of_the_application_change_what_is_logged_and_their_own_writes_are_logged_too()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync(
            """
            create function shout() returns trigger language plpgsql as $$ begin new.title := upper(new.title); return new; end $$;
            create trigger a_shout before insert or update on posts for each row execute function shout();
            create function refuse() returns trigger language plpgsql as $$ begin return case when old.id <> 2 then old end; end $$;
            create trigger a_refuse before delete on posts for each row execute function refuse();
            create function count_posts() returns trigger language plpgsql as $$ begin update authors set name = name || '+' where id = new.author_id; return null; end $$;
            create trigger z_count after insert on posts for each row execute function count_posts()
            """);
        await database.RunAsync("insert into posts values (1, 1, 'a', null), (2, 2, 'b', null); update posts set title = 'a' where id = 1; delete from posts");

        Assert.Equal(
            [
                """public.authors U {"id": 1} Ada+""", """public.authors U {"id": 2} Bob+""", """public.posts D {"id": 1} -""",
                """public.posts I {"id": 1} A""", """public.posts I {"id": 2} B""",
            ],
            (await database.QueryAsync("select concat_ws(' ', relation, op, key::jsonb, coalesce(data->>'title', data->>'name', '-')) from fraiseql.change_event")).Order(StringComparer.Ordinal));
    }

    [Fact]
    [Feature("S2.2-all-changes")]
    public async Task Several_writes_in_one_statement_are_each_logged_once()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync("insert into posts values (1, 1, 'a', null), (2, 1, 'b', null); truncate fraiseql.change_event");
        await database.RunAsync(
            """
            with moved as (delete from posts where id = 1 returning *),
                 first as (insert into posts select id + 10, author_id, title, rating from moved returning *),
                 second as (insert into posts select id + 20, author_id, title, rating from moved),
                 renamed as (update authors set name = 'x' where id = 1)
            update posts set title = 'c' where id = 2
            """);
        Assert.Equal(
            """
            public.authors Author U {"id": 1} {"id": 1} {"id": 1} {name}
            public.posts Post D {"id": 1} {"id": 1, "author_id": 1} -
            public.posts Post I {"id": 11} - {"id": 11, "author_id": 1}
            public.posts Post I {"id": 21} - {"id": 21, "author_id": 1}
            public.posts Post U {"id": 2} {"id": 2, "author_id": 1} {"id": 2, "author_id": 1} {title}
            """, Sorted(await database.TakeAsync()));

        await database.RunAsync(
            """
            create view ones as select * from posts where author_id = 1;
            update ones set title = 'v' where id = 2;
            merge into posts p using (values (2), (11), (30)) as s (id) on p.id = s.id
            when matched and s.id = 2 then update set title = 'm'
            when matched then delete
            when not matched then insert (id, author_id, title) values (s.id, 1, 'm')
            """);
        Assert.Equal(
            """
            public.posts Post D {"id": 11} {"id": 11, "author_id": 1} -
            public.posts Post I {"id": 30} - {"id": 30, "author_id": 1}
            public.posts Post U {"id": 2} {"id": 2, "author_id": 1} {"id": 2, "author_id": 1} {title}
            public.posts Post U {"id": 2} {"id": 2, "author_id": 1} {"id": 2, "author_id": 1} {title}
            """, Sorted(await database.TakeAsync()));
    }

    [Fact]
    [Feature("S2.1-trigger-update")]
    public async Task Foreign_keys_that_pass_on_an_update_or_set_null_are_logged()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync(
            """
            create table parents (id int primary key);
            create table children (id int primary key, parent int references parents on update cascade on delete set null);
            """
            + CaptureSql.Create(CaptureAnnotation.Parse("v1; schema=public; table=children; entity=Child; key=id; columns=id,parent"), null));
        await database.RunAsync("insert into parents values (1); insert into children values (5, 1); update parents set id = 2; delete from parents");
        Assert.Equal(
            """
            public.children Child I {"id": 5} - {"id": 5, "parent": 1}
            public.children Child U {"id": 5} {"id": 5, "parent": 1} {"id": 5, "parent": 2} {parent}
            public.children Child U {"id": 5} {"id": 5, "parent": 2} {"id": 5, "parent": null} {parent}
            """, await database.TakeAsync());
    }

    [Fact]
    [Feature("S2.1-pg-notify")]
    public async Task A_prepared_transaction_needs_a_quiet_writer_and_is_logged_when_it_is_committed()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        var name = "p_" + Guid.NewGuid().ToString("n");
        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => database.RunAsync($"begin; insert into posts values (1, 1, 'a', null); prepare transaction '{name}'"));
        Assert.Equal(PostgresErrorCodes.FeatureNotSupported, refused.SqlState);
        Assert.Equal("", await database.TakeAsync());

        await database.RunAsync($"set fraiseql.quiet = 'on'; begin; insert into posts values (1, 1, 'a', null); prepare transaction '{name}'");
        try
        {
            Assert.Equal(["0"], await database.QueryAsync("select count(*) from fraiseql.change_event"));

            // It holds no lock that others ring under.
            Assert.Equal(["0"], await database.QueryAsync("select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"));
            await database.RunAsync("insert into posts values (2, 1, 'b', null)");
        }
        finally
        {
            await database.RunAsync($"commit prepared '{name}'");
        }

        Assert.Equal(
            """
            public.posts Post I {"id": 1} - {"id": 1, "author_id": 1}
            public.posts Post I {"id": 2} - {"id": 2, "author_id": 1}
            """, await database.TakeAsync());
    }

    [Fact]
    [Feature("S2.2-all-changes")]
    public async Task A_session_that_replicates_is_captured_where_the_triggers_are_always_enabled()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync("set session_replication_role = replica; insert into posts values (1, 1, 'a', null)");
        Assert.Equal("", await database.TakeAsync());

        await database.RunAsync(string.Concat(new[] { "insert", "update", "delete", "truncate" }.Select(t => $"alter table posts enable always trigger fraiseql_{t};")));
        await database.RunAsync("set session_replication_role = replica; update posts set title = 'b'");
        Assert.Equal("""public.posts Post U {"id": 1} {"id": 1, "author_id": 1} {"id": 1, "author_id": 1} {title}""", await database.TakeAsync());
    }

    private static string Sorted(string lines) => string.Join('\n', lines.Split('\n').Order(StringComparer.Ordinal));
}

public sealed class OddWriterTestsAtHand() : OddWriterTests(PostgresRelease.AtHand);

public sealed class OddWriterTestsOn18() : OddWriterTests(PostgresRelease.Eighteen);
