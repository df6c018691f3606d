using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.Cluster;

/// <summary>A node that starts reads what the log has kept, and serves what others have stored before: what it can prove, and never anything else.</summary>
public sealed class ReplayTests : ClusterTests
{
    [Fact]
    [Feature("S1.1-l2-shared")]
    [Feature("B-02-proof")]
    [Feature("S3.3-reconnect")]
    public async Task A_node_that_starts_late_serves_what_has_not_changed_without_a_query_and_never_what_has()
    {
        await using var a = await StartAsync();
        await FillAsync(a, 1, 2, 3, 4);
        await ChangeAsync(1, "by psql");
        await Seed.ExecuteAsync(ConnectionString, "INSERT INTO \"Posts\" (\"Title\", \"Views\", \"PublishedAt\", \"AuthorId\") VALUES ('first', 0, now(), 4)");

        await using var b = await StartAsync();
        await AssertReadAsync(b, 1);
        await AssertSharedAsync(b, 2);
        await AssertSharedAsync(b, 3);
        await AssertReadAsync(b, 4);
        Assert.Equal(CacheOutcome.L1Hit, (await TitlesAsync(b, 2)).Outcome);

        // And what comes after the start is seen as ever.
        await ChangeAsync(2, "later");
        await Eventually.Until(async () => (await TitlesAsync(b, 2)).Value.All(t => t == "later"));
    }

    [Fact]
    [Feature("B-02-proof")]
    public async Task A_change_whose_transaction_was_open_when_the_entry_was_made_ends_it_on_a_node_that_starts_after_its_commit()
    {
        await using var a = await StartAsync();
        await using var open = await OpenAsync();
        await ExecuteAsync(open, "BEGIN; UPDATE \"Posts\" SET \"Title\" = 'late' WHERE \"AuthorId\" = 1");
        await FillAsync(a, 1, 2);

        // Ids of the open transaction lie below those of the ones that are read and committed meanwhile.
        await ChangeAsync(3, "meanwhile");
        await ExecuteAsync(open, "COMMIT");
        await using var b = await StartAsync();
        await AssertReadAsync(b, 1);
        await AssertSharedAsync(b, 2);
    }

    [Fact]
    [Feature("B-02-proof")]
    public async Task A_transaction_that_is_open_while_a_node_starts_ends_the_entry_when_it_commits()
    {
        await using var a = await StartAsync();
        await using var open = await OpenAsync();
        await ExecuteAsync(open, "BEGIN; UPDATE \"Posts\" SET \"Title\" = 'late' WHERE \"AuthorId\" = 1");
        await FillAsync(a, 1, 2);
        await using var b = await StartAsync();
        await AssertSharedAsync(b, 1);
        await ExecuteAsync(open, "COMMIT");
        await Eventually.Until(async () => (await TitlesAsync(b, 1)).Value.All(t => t == "late"));
        await AssertSharedAsync(b, 2);
    }

    [Fact]
    [Feature("U-25-retention")]
    [Feature("B-02-proof")]
    public async Task What_retention_has_taken_is_not_believed_to_be_no_change()
    {
        await using var a = await StartAsync();
        await FillAsync(a, 1, 2);
        await ChangeAsync(1, "pruned");
        await Seed.ExecuteAsync(ConnectionString, "SELECT fraiseql.prune('0 s', '30 days', 5000)");
        await using (var b = await StartAsync())
        {
            await AssertReadAsync(b, 1);
            await AssertReadAsync(b, 2);
            await SentAsync(b);
        }

        // What was stored after it is proven by what is left.
        await using var c = await StartAsync();
        await AssertSharedAsync(c, 2);
    }

    [Theory]
    [InlineData("TRUNCATE fraiseql.change_event")]
    [InlineData("ALTER TABLE \"Posts\" DISABLE TRIGGER USER; UPDATE \"Posts\" SET \"Title\" = 'unseen' WHERE \"AuthorId\" = 1; ALTER TABLE \"Posts\" ENABLE TRIGGER USER")]
    [InlineData("ALTER TABLE \"Posts\" ADD \"More\" int")]
    [Feature("B-02-proof")]
    public async Task Where_the_log_or_the_triggers_were_touched_what_was_stored_before_is_not_used(string sql)
    {
        await using var a = await StartAsync();
        await FillAsync(a, 1, 2);
        await ChangeAsync(1, "changed");
        await Seed.ExecuteAsync(ConnectionString, sql);
        await using (var b = await StartAsync())
        {
            await AssertReadAsync(b, 1);
            await AssertReadAsync(b, 2);
            await SentAsync(b);
        }

        await using var c = await StartAsync();
        await AssertSharedAsync(c, 1);
        await AssertSharedAsync(c, 2);
    }

    [Fact]
    [Feature("B-02-proof")]
    public async Task A_database_that_is_an_old_copy_does_not_get_what_was_read_from_the_one_before_it()
    {
        var database = new NpgsqlConnectionStringBuilder(ConnectionString).Database!;
        var copy = new NpgsqlConnectionStringBuilder(await Postgres.CreateDatabaseAsync(ConnectionString)).Database!;
        await using (var a = await StartAsync())
        {
            await ChangeAsync(1, "not in the copy");
            await TitlesAsync(a, 1);
            await Eventually.Until(async () => (await TitlesAsync(a, 1)).Value.All(t => t == "not in the copy"));
            await FillAsync(a, 1, 2);
        }

        NpgsqlConnection.ClearAllPools();
        await Postgres.ExecuteAsync($"DROP DATABASE {database} WITH (FORCE)");
        await Postgres.ExecuteAsync($"ALTER DATABASE {copy} RENAME TO {database}");
        await using var b = await StartAsync();
        await AssertReadAsync(b, 1);
        await AssertReadAsync(b, 2);
    }

    [Fact]
    [Feature("B-02-proof")]
    public async Task After_a_restart_of_the_server_which_may_have_lost_commits_nothing_of_before_is_used()
    {
        await using (var a = await StartAsync())
        {
            await FillAsync(a, 1);
        }

        await Postgres.StopAsync(crash: true);
        await Postgres.StartAsync();
        NpgsqlConnection.ClearAllPools();
        await using (var b = await StartAsync())
        {
            await AssertReadAsync(b, 1);
            await SentAsync(b);
        }

        await using var c = await StartAsync();
        await AssertSharedAsync(c, 1);
    }

    [Fact]
    [Feature("B-02-proof")]
    public async Task The_replay_is_bounded_and_what_lies_beyond_the_bound_is_not_used()
    {
        await using var a = await StartAsync();
        await FillAsync(a, 1);
        for (var i = 0; i < 20; i++)
        {
            await ChangeAsync(3, $"change {i}");
        }

        await FillAsync(a, 2);
        await ChangeAsync(3, "last");
        await using (var b = await StartAsync(o => o.Cdc.MaxReplayedEvents = 10))
        {
            await AssertReadAsync(b, 1);
            await AssertSharedAsync(b, 2);
            await AssertReadAsync(b, 3);
        }

        await using var off = await StartAsync(o => o.Cdc.Replay = TimeSpan.Zero);
        await AssertReadAsync(off, 2);
    }

    [Fact]
    [Feature("S3.3-reconnect")]
    [Feature("S0-cache-is-optimization")]
    public async Task A_redis_that_was_flushed_stopped_or_restored_from_an_old_dump_never_brings_an_old_value_back()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await FillAsync(a, 1, 2);
        await AssertSharedAsync(b, 1);
        var dump = await DumpAsync();
        await ChangeAsync(1, "new");
        await Eventually.Until(async () => (await TitlesAsync(a, 1)).Value.All(t => t == "new"));
        await Eventually.Until(async () => (await TitlesAsync(b, 1)).Value.All(t => t == "new"));
        await SentAsync(a);

        await Redis.FlushAsync();
        await RestoreAsync(dump);
        await using (var c = await StartAsync())
        {
            await AssertReadAsync(c, 1);
            await AssertSharedAsync(c, 2);
            await SentAsync(c);
        }

        await Redis.StopAsync();
        await ChangeAsync(2, "while stopped");
        await Redis.StartAsync();
        await RestoreAsync(dump);
        foreach (var node in (Node[])[a, b])
        {
            await Eventually.Until(async () => (await TitlesAsync(node, 2)).Value.All(t => t == "while stopped"));
            Assert.All((await TitlesAsync(node, 1)).Value, t => Assert.Equal("new", t));
        }

        await RestoreAsync(dump);
        await using var d = await StartAsync();
        await AssertReadAsync(d, 1);
        await AssertReadAsync(d, 2);
    }

    [Fact]
    [Feature("S3.1-partition")]
    [Feature("S3.3-stale-risk")]
    public async Task A_node_that_was_cut_off_serves_nothing_until_it_has_caught_up_and_then_what_it_had_and_can_prove()
    {
        await using var proxy = FaultyProxy.Start("127.0.0.1", new NpgsqlConnectionStringBuilder(ConnectionString).Port);
        var through = new NpgsqlConnectionStringBuilder(ConnectionString) { Host = "127.0.0.1", Port = proxy.Port, Timeout = 2 }.ConnectionString;
        await using var node = await StartAsync(
            o =>
            {
                o.Cdc.IdlePollInterval = TimeSpan.FromMilliseconds(500);
                o.Consistency.MaxSilence = TimeSpan.FromSeconds(1);
            },
            through);
        await TitlesAsync(node, 1);
        await TitlesAsync(node, 2);
        proxy.Cut();
        await ChangeAsync(1, "while cut off");
        await Eventually.Until(async () =>
        {
            try
            {
                return (await TitlesAsync(node, 2)).Outcome is CacheOutcome.Bypass;
            }
            catch (Exception error) when (error is InvalidOperationException or NpgsqlException)
            {
                // Nothing is served: the query went to the database, which is not there.
                return true;
            }
        });
        proxy.Restore();
        await Eventually.Until(async () => (await TitlesAsync(node, 2)).Outcome == CacheOutcome.L1Hit);
        Assert.All((await TitlesAsync(node, 1)).Value, t => Assert.Equal("while cut off", t));
    }

    private async Task<Dictionary<RedisKey, RedisValue>> DumpAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(Redis.ConnectionString);
        var dump = new Dictionary<RedisKey, RedisValue>();
        await foreach (var key in redis.GetServers()[0].KeysAsync(pattern: "fraiseql:*"))
        {
            dump[key] = await redis.GetDatabase().StringGetAsync(key);
        }

        return dump;
    }

    private async Task RestoreAsync(Dictionary<RedisKey, RedisValue> dump)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(Redis.ConnectionString);
        foreach (var (key, value) in dump)
        {
            await redis.GetDatabase().StringSetAsync(key, value);
        }
    }
}
