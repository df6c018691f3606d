using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>What writes of every kind leave in the log.</summary>
public abstract class WriteTests(PostgresRelease release)
{
    [Fact]
    [Feature("S2.1-trigger-insert")]
    [Feature("S2.1-trigger-update")]
    [Feature("S2.1-trigger-delete")]
    [Feature("S2.2-all-changes")]
    public async Task Every_statement_logs_each_of_its_rows_once()
    {
        var database = await CaptureDatabase.CreateAsync(release);

        await database.RunAsync("insert into posts values (1, 1, 'a', null), (2, 1, 'b', 1.0)");
        Assert.Equal(
            """
            public.posts Post I {"id": 1} - {"id": 1, "author_id": 1}
            public.posts Post I {"id": 2} - {"id": 2, "author_id": 1}
            """, await database.TakeAsync());

        await database.RunAsync("update posts set author_id = 2, title = 'c' where id = 1");
        Assert.Equal("""public.posts Post U {"id": 1} {"id": 1, "author_id": 1} {"id": 1, "author_id": 2} {author_id,title}""", await database.TakeAsync());

        await database.RunAsync("delete from posts where id = 1");
        Assert.Equal("""public.posts Post D {"id": 1} {"id": 1, "author_id": 2} -""", await database.TakeAsync());

        await database.RunAsync("delete from posts where id = 17; update posts set title = 'x' where id = 17; insert into posts select * from posts where false");
        Assert.Equal("", await database.TakeAsync());
    }

    [Fact]
    [Feature("U-11-pk-change")]
    public async Task A_changed_key_is_a_delete_of_the_old_and_an_insert_of_the_new_entity()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync("insert into posts values (1, 1, 'a', null), (2, 1, 'b', null), (3, 2, 'c', null); truncate fraiseql.change_event");

        await database.RunAsync("update posts set id = 9 where id = 2");
        Assert.Equal(
            """
            public.posts Post D {"id": 2} {"id": 2, "author_id": 1} -
            public.posts Post I {"id": 9} - {"id": 9, "author_id": 1}
            """, Sorted(await database.TakeAsync()));

        // Every key moves, each onto another row's former key: of a row that is there before and after, it is an update.
        await database.RunAsync("alter table posts drop constraint \"PK_posts\" cascade; alter table posts add primary key (id) deferrable");
        await database.RunAsync("update posts set id = case id when 1 then 3 when 3 then 1 else 10 end");
        Assert.Equal(
            """
            public.posts Post D {"id": 9} {"id": 9, "author_id": 1} -
            public.posts Post I {"id": 10} - {"id": 10, "author_id": 1}
            public.posts Post U {"id": 1} {"id": 1, "author_id": 1} {"id": 1, "author_id": 2} {author_id,title}
            public.posts Post U {"id": 3} {"id": 3, "author_id": 2} {"id": 3, "author_id": 1} {author_id,title}
            """, Sorted(await database.TakeAsync()));
    }

    [Fact]
    [Feature("U-13-noop")]
    public async Task An_update_that_changes_nothing_logs_nothing_and_a_changed_scale_is_a_change()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync("insert into posts values (1, 1, 'a', 1.0), (2, 1, 'b', null); truncate fraiseql.change_event");

        await database.RunAsync("update posts set title = title, rating = rating, author_id = 1");
        Assert.Equal("", await database.TakeAsync());

        await database.RunAsync("update posts set rating = 1.00; update posts set title = 'c'");
        Assert.Equal(
            """
            public.posts Post U {"id": 1} {"id": 1, "author_id": 1} {"id": 1, "author_id": 1} {rating}
            public.posts Post U {"id": 2} {"id": 2, "author_id": 1} {"id": 2, "author_id": 1} {rating}
            public.posts Post U {"id": 1} {"id": 1, "author_id": 1} {"id": 1, "author_id": 1} {title}
            public.posts Post U {"id": 2} {"id": 2, "author_id": 1} {"id": 2, "author_id": 1} {title}
            """, await database.TakeAsync());
    }

    [Fact]
    [Feature("U-12-truncate")]
    [Feature("B-05-external")]
    public async Task Truncate_copy_upsert_merge_and_cascades_are_logged()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await using (var connection = await database.OpenAsync())
        {
            await using var writer = await connection.BeginTextImportAsync("copy posts (id, author_id, title) from stdin");
            await writer.WriteAsync("1\t1\tcopied\n2\t2\tcopied\n");
        }

        Assert.Equal(
            """
            public.posts Post I {"id": 1} - {"id": 1, "author_id": 1}
            public.posts Post I {"id": 2} - {"id": 2, "author_id": 2}
            """, await database.TakeAsync());

        await database.RunAsync("insert into posts values (2, 2, 'upserted', null), (3, 2, 'new', null) on conflict (id) do update set title = excluded.title");
        Assert.Equal(
            """
            public.posts Post I {"id": 3} - {"id": 3, "author_id": 2}
            public.posts Post U {"id": 2} {"id": 2, "author_id": 2} {"id": 2, "author_id": 2} {title}
            """, Sorted(await database.TakeAsync()));

        await database.RunAsync("insert into posts values (3, 2, 'kept', null) on conflict do nothing");
        Assert.Equal("", await database.TakeAsync());

        await database.RunAsync(
            """
            merge into posts using (values (1), (4)) as source (id) on posts.id = source.id
            when matched then delete
            when not matched then insert (id, author_id, title) values (source.id, 2, 'merged')
            """);
        Assert.Equal(
            """
            public.posts Post D {"id": 1} {"id": 1, "author_id": 1} -
            public.posts Post I {"id": 4} - {"id": 4, "author_id": 2}
            """, Sorted(await database.TakeAsync()));

        await database.RunAsync("insert into tags values ('t'); insert into post_tags (post_id, tag) values (4, 't'); truncate fraiseql.change_event");
        await database.RunAsync("delete from authors where id = 2");
        Assert.Equal(
            """
            public.authors Author D {"id": 2} {"id": 2} -
            public.post_tags PostTag D {"tag": "t", "post_id": 4} {"tag": "t", "post_id": 4} -
            public.posts Post D {"id": 2} {"id": 2, "author_id": 2} -
            public.posts Post D {"id": 3} {"id": 3, "author_id": 2} -
            public.posts Post D {"id": 4} {"id": 4, "author_id": 2} -
            """, Sorted(await database.TakeAsync()));

        await database.RunAsync("truncate authors cascade");
        Assert.Equal(
            """
            public.authors Author T - - -
            public.pets Pet T - - -
            public.post_tags PostTag T - - -
            public.posts Post T - - -
            """, Sorted(await database.TakeAsync()));
    }

    [Fact]
    public async Task Rolled_back_work_and_rolled_back_savepoints_leave_nothing()
    {
        var database = await CaptureDatabase.CreateAsync(release);

        await database.RunAsync("begin; insert into posts values (1, 1, 'a', null); rollback");
        Assert.Equal("", await database.TakeAsync());

        await database.RunAsync(
            """
            begin;
            insert into posts values (1, 1, 'a', null);
            savepoint s; insert into posts values (2, 1, 'b', null); rollback to s;
            savepoint s; insert into posts values (3, 1, 'c', null); release s;
            commit
            """);
        Assert.Equal(
            """
            public.posts Post I {"id": 1} - {"id": 1, "author_id": 1}
            public.posts Post I {"id": 3} - {"id": 3, "author_id": 1}
            """, await database.TakeAsync());
    }

    [Fact]
    public async Task The_log_has_the_row_its_transaction_and_the_order_of_writes()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync(
            """
            begin;
            insert into posts values (1, 1, 'a', 1.5);
            savepoint s; update posts set title = 'b'; release s;
            create table here as select pg_current_xact_id() as tx;
            commit
            """);

        Assert.Equal(
            ["""I {"id": 1, "title": "a", "rating": 1.5, "author_id": 1} true true""", """U {"id": 1, "title": "b", "rating": 1.5, "author_id": 1} true true"""],
            await database.QueryAsync(
                "select concat_ws(' ', op, data::jsonb, (tx = (select tx from here))::text, (at between now() - interval '1 hour' and now() + interval '1 hour')::text) from fraiseql.change_event order by seq"));
    }

    [Fact]
    [Feature("S2.1-pg-notify")]
    public async Task A_commit_rings_once_with_an_empty_payload_unless_it_is_quiet_or_logged_nothing()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await using var listener = await database.OpenAsync();
        var heard = new List<string>();
        listener.Notification += (_, e) => heard.Add($"{e.Channel}:{e.Payload}");
        await using (var listen = new NpgsqlCommand("listen fraiseql_events; listen done", listener))
        {
            await listen.ExecuteNonQueryAsync();
        }

        await database.RunAsync("begin; insert into posts values (1, 1, 'a', null), (2, 1, 'b', null); update posts set title = 'x'; delete from posts where id = 2; commit");
        await database.RunAsync("update posts set title = 'x'");
        await database.RunAsync("set fraiseql.quiet = 'on'; update posts set title = 'y'");
        await database.RunAsync("begin; update posts set title = 'z'; rollback");
        await database.RunAsync("notify done");
        while (!heard.Contains("done:"))
        {
            await listener.WaitAsync();
        }

        Assert.Equal(["fraiseql_events:", "done:"], heard);
    }

    [Fact]
    public async Task One_transaction_in_flight_rings_for_all_and_none_waits_for_it()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync("insert into posts values (1, 1, 'a', null), (2, 1, 'b', null)");
        await using var first = await database.OpenAsync();
        await new NpgsqlCommand("begin; update posts set title = 'x' where id = 1", first).ExecuteNonQueryAsync();

        await database.RunAsync("update posts set title = 'x' where id = 2"); // would not return if it waited
        await new NpgsqlCommand("commit", first).ExecuteNonQueryAsync();

        Assert.Equal(["4"], await database.QueryAsync("select count(*) from fraiseql.change_event"));
    }

    private static string Sorted(string lines) => string.Join('\n', lines.Split('\n').Order(StringComparer.Ordinal));
}

public sealed class WriteTestsAtHand() : WriteTests(PostgresRelease.AtHand);

public sealed class WriteTestsOn18() : WriteTests(PostgresRelease.Eighteen);
