namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>The log forgets what is old, and never what somebody still needs without saying so.</summary>
public sealed class RetentionTests
{
    private const string Prune = "select fraiseql.prune('7 days', '30 days', 100)";

    [Fact]
    [Feature("U-25-retention")]
    public async Task Old_events_go_and_new_ones_stay()
    {
        var database = await CreateAsync(old: 250);
        await database.RunAsync("insert into posts values (-1, 1, 'new', null)");

        var batches = await PruneUntilAsync(database, left: 1);
        Assert.Equal(250, batches.Sum());
        Assert.All(batches, b => Assert.InRange(b, 0, 100));
        Assert.Equal(["0"], await database.QueryAsync(Prune));
        Assert.Equal(["-1"], await database.QueryAsync("select key->>'id' from fraiseql.change_event"));
        Assert.Equal(["True"], await database.QueryAsync("select pruned <= (select min(tx::text::bigint)::text::xid8 from fraiseql.change_event) and pruned > '0' from fraiseql.retention"));
    }

    [Fact]
    [Feature("U-25-retention")]
    public async Task An_event_that_a_group_has_not_seen_stays_until_the_group_is_marked_expired()
    {
        var database = await CreateAsync(old: 10);
        await AwaitSeenAsync(database);
        await database.RunAsync("insert into fraiseql.consumer (name, position, system_id) values ('slow', pg_current_snapshot(), 'here'), ('quick', pg_current_snapshot(), 'here')");
        await database.RunAsync("insert into posts select i, 1, 'unseen', null from generate_series(100, 104) i");
        await database.RunAsync("update fraiseql.change_event set at = now() - interval '8 days'");
        await AwaitSeenAsync(database);
        await database.RunAsync("update fraiseql.consumer set position = pg_current_snapshot() where name = 'quick'");

        await PruneUntilAsync(database, left: 5);
        Assert.Equal(["0"], await database.QueryAsync(Prune));
        Assert.Equal(["0"], await database.QueryAsync("select count(*) from fraiseql.consumer where expired_at is not null"));

        await PruneUntilAsync(database, left: 0, "select fraiseql.prune('7 days', '7 days', 100)");
        Assert.Equal(["slow"], await database.QueryAsync("select name from fraiseql.consumer where expired_at is not null"));
        Assert.Equal(["True"], await database.QueryAsync("select pg_snapshot_xmin(position) < pruned from fraiseql.consumer, fraiseql.retention where name = 'slow'"));
    }

    [Fact]
    public async Task What_an_open_transaction_will_make_visible_keeps_the_later_events()
    {
        var database = await CreateAsync(old: 0);
        await using var open = await database.OpenAsync();
        await using (var write = new Npgsql.NpgsqlCommand("begin; insert into posts values (1, 1, 'open', null)", open))
        {
            await write.ExecuteNonQueryAsync();
        }

        await database.RunAsync("insert into posts values (2, 1, 'later', null); update fraiseql.change_event set at = now() - interval '8 days'");
        Assert.Equal(["0"], await database.QueryAsync(Prune));
        await using (var commit = new Npgsql.NpgsqlCommand("commit", open))
        {
            await commit.ExecuteNonQueryAsync();
        }

        await database.RunAsync("update fraiseql.change_event set at = now() - interval '8 days'");
        await PruneUntilAsync(database, left: 0);
    }

    [Fact]
    public async Task The_log_can_be_read_in_the_envelope_of_Debezium()
    {
        var database = await CreateAsync(old: 0);
        await database.RunAsync("insert into posts values (1, 1, 'a', null); update posts set title = 'b'; delete from posts; truncate posts cascade");
        Assert.Equal(
            [
                """c - {"id": 1, "title": "a", "rating": null, "author_id": 1} public posts true""",
                """u {"id": 1, "author_id": 1} {"id": 1, "title": "b", "rating": null, "author_id": 1} public posts true""",
                """d {"id": 1, "author_id": 1} - public posts true""",
                "t - - public posts true",
            ],
            await database.QueryAsync(
                """
                select concat_ws(' ', op, coalesce(before::jsonb::text, '-'), coalesce(after::jsonb::text, '-'), source->>'schema', source->>'table',
                    ((source->>'ts_ms')::bigint = ts_ms and ts_ms > 1e12 and source->>'db' = current_database())::text)
                from fraiseql.debezium where entity = 'Post' order by seq
                """));
    }

    private static async Task<CaptureDatabase> CreateAsync(int old)
    {
        var database = await CaptureDatabase.CreateAsync();
        await database.RunAsync(
            $"insert into posts select i, 1, 'old', null from generate_series(1, {old}) i; update fraiseql.change_event set at = now() - interval '8 days'");
        return database;
    }

    // A position taken while an older transaction of another test is open would, rightly, keep the events for ever.
    private static Task AwaitSeenAsync(CaptureDatabase database) => Eventually.Until(async ()
        => (await database.QueryAsync("select pg_snapshot_xmin(pg_current_snapshot()) > (select tx from fraiseql.change_event order by tx desc limit 1)"))[0] == "True");

    // Transactions of other tests on the same server are open now and then, and hold up a call.
    private static async Task<List<int>> PruneUntilAsync(CaptureDatabase database, int left, string sql = Prune)
    {
        var batches = new List<int>();
        await Eventually.Until(async () =>
        {
            batches.Add(int.Parse((await database.QueryAsync(sql))[0], System.Globalization.CultureInfo.InvariantCulture));
            return (await database.QueryAsync("select count(*) from fraiseql.change_event"))[0] == left.ToString(System.Globalization.CultureInfo.InvariantCulture);
        });
        return batches;
    }
}
