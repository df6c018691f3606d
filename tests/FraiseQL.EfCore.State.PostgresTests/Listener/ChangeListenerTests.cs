using System.Text.Json;
using FraiseQL.EfCore.State.EventLog;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

[Feature("S2.1-listen")]
public sealed class ChangeListenerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [Fact]
    [Feature("S2.1-receive")]
    public async Task A_notification_is_enough_to_see_a_change()
    {
        await using var database = await LogDatabase.CreateAsync();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString, NeverPoll);
        await SettleAsync(node);

        await database.ExecuteAsync("begin; insert into item values (1, 0, 'a'); notify fraiseql_events; commit");
        await Eventually.Until(() => node.Consumer.Changes.Count == 1);
    }

    [Fact]
    public async Task A_ring_of_this_process_is_enough_to_see_a_change()
    {
        await using var database = await LogDatabase.CreateAsync();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString, NeverPoll);
        await SettleAsync(node);

        for (var n = 1; n <= 200; n++)
        {
            await database.ExecuteAsync($"insert into item values ({n}, 0, 'a')");
            node.Runtime.ListenerWake.Ring();
            var count = n;
            await Eventually.Until(() => node.Consumer.Changes.Count == count);
        }
    }

    [Fact]
    [Feature("S2.1-receive")]
    [Feature("U-08-notify-wakeup")]
    public async Task A_change_whose_notification_is_lost_is_seen_all_the_same()
    {
        // The capture function of this database never notifies.
        await using var database = await LogDatabase.CreateAsync();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString);
        for (var n = 1; n <= 5; n++)
        {
            await database.ExecuteAsync($"insert into item values ({n}, 0, 'a')");
            var count = n;
            await Eventually.Until(() => node.Consumer.Changes.Count == count);
        }
    }

    [Fact]
    public async Task A_transaction_that_commits_unannounced_after_the_one_that_rang_is_not_left_to_the_slow_poll()
    {
        await using var database = await LogDatabase.CreateAsync();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString, NeverPoll);
        await SettleAsync(node);

        await using var late = await database.Source.OpenConnectionAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await using (var insert = new NpgsqlCommand("insert into item values (2, 0, 'late')", late))
        {
            await insert.ExecuteNonQueryAsync();
        }

        await database.ExecuteAsync("begin; insert into item values (1, 0, 'a'); notify fraiseql_events; commit");
        await transaction.CommitAsync();
        await Eventually.Until(() => node.Consumer.Changes.Count == 2);
    }

    [Fact]
    [Feature("S8.2-listen-timeout")]
    public async Task A_connection_that_says_nothing_any_more_is_given_up_after_the_listen_timeout()
    {
        await using var database = await LogDatabase.CreateAsync();
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = FaultyProxy.Start(server.Host!, server.Port);
        server.Host = "127.0.0.1";
        server.Port = proxy.Port;
        await using var node = await ListenerNode.StartAsync(server.ConnectionString, o => o.ListenTimeout = TimeSpan.FromSeconds(1));
        proxy.Pause();
        await Eventually.Until(() => !node.Status.Connected && node.Log.GetSnapshot().Any(r => r.Id.Id == FraiseQLStateEventId.ListenerConnectionLost));
        await database.ExecuteAsync("insert into item values (1, 1, null)");
        proxy.Restore();
        await Eventually.Until(() => node.Consumer.Changes.Count == 1);
    }

    [Fact]
    [Feature("S2.1-receive")]
    [Feature("S9.2-do-test-db-down")]
    public async Task A_killed_connection_costs_no_change_and_doubles_none()
    {
        await using var database = await LogDatabase.CreateAsync();
        await database.ExecuteAsync("insert into item select n, 0, null from generate_series(0, 9) n");
        await using var node = await ListenerNode.StartAsync(database.ConnectionString);
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");

        var writers = new RandomWriters(database, 10, seed);
        var writing = writers.RunAsync(6, TimeSpan.FromSeconds(5));
        var kills = 0;
        while (!writing.IsCompleted)
        {
            await Task.Delay(250);
            kills += await KillListenersAsync(database);
        }

        await writing;
        var logged = await database.ScalarAsync<long>("select count(*) from fraiseql.change_event where op <> 'I'");
        await Eventually.Until(() => node.Consumer.Changes.Count >= logged, state: () => node.Consumer.Changes.Count);
        output.WriteLine($"{writers.Commits} commits, {logged} changes, {kills} kills");
        Assert.True(kills > 3);

        Assert.Equal(logged, node.Consumer.Changes.Count);
        Assert.Equal(logged, node.Consumer.Changes.Select(c => c.Seq).Distinct().Count());
        var fold = new Dictionary<int, int>();
        foreach (var change in node.Consumer.Changes)
        {
            var row = JsonDocument.Parse(change.Data!).RootElement;
            var id = row.GetProperty("id").GetInt32();
            Assert.Equal(fold.GetValueOrDefault(id) + 1, row.GetProperty("version").GetInt32());
            fold[id] = row.GetProperty("version").GetInt32();
        }

        Assert.Single(node.Consumer.Coverages);
        Assert.Contains(node.Log.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.ListenerConnectionLost);
    }

    [Fact]
    [Feature("S9.2-do-test-db-down")]
    public async Task A_crashed_server_is_followed_on_after_its_restart_and_what_was_cached_before_is_distrusted()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        await using var database = await LogDatabase.CreateAsync(server);
        await using var node = await ListenerNode.StartAsync(database.ConnectionString);
        await database.ExecuteAsync("insert into item values (1, 0, 'a')");
        await Eventually.Until(() => node.Consumer.Changes.Count == 1);

        await server.StopAsync(crash: true);
        await Eventually.Until(() => !node.Status.Connected);
        await server.StartAsync();
        NpgsqlConnection.ClearAllPools();
        await Eventually.Until(async () =>
        {
            await database.ExecuteAsync("insert into item values (2, 0, 'b') on conflict do nothing");
            return true;
        });

        await Eventually.Until(() => node.Consumer.Changes.Count == 2 && node.Consumer.Coverages.Count == 2);
        Assert.False(node.HasEnded);
    }

    [Fact]
    public async Task A_log_that_was_created_anew_starts_the_coverage_anew()
    {
        await using var database = await LogDatabase.CreateAsync();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString);
        await database.ExecuteAsync("drop schema fraiseql cascade; drop table item; drop function capture_item");
        await database.ExecuteAsync(LogDatabase.Log);
        await KillListenersAsync(database);

        await Eventually.Until(() => node.Consumer.Coverages.Count == 2);
        Assert.Contains(node.Log.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.ListenerStartedOver);
        await database.ExecuteAsync("insert into item values (1, 0, 'a')");
        await Eventually.Until(() => node.Consumer.Changes.Count == 1);
    }

    [Fact]
    public async Task A_missing_log_is_an_error_that_names_the_commands_and_ends_when_the_migration_is_applied()
    {
        await using var database = await LogDatabase.CreateAsync(withLog: false);
        await using var node = await ListenerNode.StartAsync(database.ConnectionString, connected: false);
        await Eventually.Until(() => node.Log.GetSnapshot().Any(r => r.Id.Id == FraiseQLStateEventId.CaptureMissing));

        var error = Assert.Single(node.Log.GetSnapshot(), r => r.Level == LogLevel.Error);
        Assert.Contains("dotnet ef migrations add", error.Message, StringComparison.Ordinal);
        Assert.Contains("dotnet ef database update", error.Message, StringComparison.Ordinal);
        Assert.Contains("ItemContext", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(node.Status.CaptureProblems);
        Assert.Empty(node.Consumer.Coverages);

        await database.ExecuteAsync(LogDatabase.Log);
        await Eventually.Until(() => node.Status.Connected);
        await database.ExecuteAsync("insert into item values (1, 0, 'a')");
        await Eventually.Until(() => node.Consumer.Changes.Count == 1);
        Assert.Single(node.Log.GetSnapshot(), r => r.Level == LogLevel.Error);
        Assert.Contains(node.Log.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.CaptureRestored);
        Assert.Empty(node.Status.CaptureProblems);
        Assert.Equal(["public.item"], node.Consumer.Verified.First());
    }

    [Fact]
    [Feature("U-43-no-secrets-logs")]
    public async Task A_database_that_is_not_there_neither_delays_nor_ends_the_host()
    {
        await using var node = await ListenerNode.StartAsync(
            "Host=127.0.0.1;Port=1;Username=nobody;Password=secret-word;Database=none", connected: false);
        await Eventually.Until(() => node.Log.GetSnapshot().Count(r => r.Id.Id == FraiseQLStateEventId.ListenerConnectFailed) > 2);
        Assert.False(node.HasEnded);
        Assert.All(node.Log.GetSnapshot(), r => Assert.DoesNotContain("secret-word", r.Message + r.Exception, StringComparison.Ordinal));
        await node.StopAsync();
        Assert.True(node.HasEnded);
    }

    [Fact]
    public async Task A_consumer_that_throws_harms_neither_the_others_nor_the_listener_and_starts_over()
    {
        await using var database = await LogDatabase.CreateAsync();
        var broken = new RecordingConsumer();
        var sound = new RecordingConsumer();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString, consumers: [broken, sound]);
        broken.OnChanged = _ =>
        {
            broken.OnChanged = null;
            throw new InvalidOperationException("broken");
        };

        await database.ExecuteAsync("insert into item values (1, 0, 'a')");
        await Eventually.Until(() => sound.Changes.Count == 1 && broken.Coverages.Count == 2);
        await database.ExecuteAsync("insert into item values (2, 0, 'a')");
        await Eventually.Until(() => sound.Changes.Count == 2 && broken.Changes.Count == 1);
        Assert.Single(sound.Coverages);
        Assert.Contains(node.Log.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.BroadcastConsumerFailed);
    }

    [Fact]
    [Feature("S8.2-enabled")]
    public async Task Switched_off_it_says_so_and_does_nothing()
    {
        await using var database = await LogDatabase.CreateAsync();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString, o => o.Enabled = false, connected: false);
        await Eventually.Until(() => node.HasEnded);
        Assert.Single(node.Log.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.ListenerOff);
        Assert.Empty(node.Consumer.Coverages);
    }

    [Fact]
    public async Task A_long_backlog_is_caught_up_after_an_interruption_without_a_gap()
    {
        await using var database = await LogDatabase.CreateAsync();
        await using var node = await ListenerNode.StartAsync(database.ConnectionString, NeverPoll);
        await SettleAsync(node);

        // The connection dies between the second and the third part of one window.
        var parts = 0;
        node.Consumer.OnChanged = _ =>
        {
            if (++parts == 2)
            {
                node.Consumer.OnChanged = null;
                Assert.Equal(1, KillListenersAsync(database).GetAwaiter().GetResult());
            }
        };
        await database.ExecuteAsync("insert into item select n, 0, repeat('x', 200) from generate_series(1, 60000) n");
        node.Runtime.ListenerWake.Ring();

        await Eventually.Until(() => node.Consumer.Changes.Count >= 60000);
        Assert.Equal(Enumerable.Range(1, 60000).Select(n => (long)n), node.Consumer.Changes.Select(c => c.Seq));
        Assert.Single(node.Consumer.Coverages);
    }

    private static void NeverPoll(CdcOptions options)
    {
        options.PollInterval = Never;
        options.IdlePollInterval = Never;
    }

    /// <summary>Waits until the quick looks after the start are over: from here on only a ring can wake the listener.</summary>
    private static async Task SettleAsync(ListenerNode node)
    {
        for (var (seen, still) = (-1, 0); still < 60; await Task.Delay(5))
        {
            var now = Volatile.Read(ref node.Consumer.CatchUps);
            still = now == seen ? still + 1 : 0;
            seen = now;
        }
    }

    private static async Task<int> KillListenersAsync(LogDatabase database)
        => (int)await database.ScalarAsync<long>(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and application_name like '%fraiseql-listener'");
}
