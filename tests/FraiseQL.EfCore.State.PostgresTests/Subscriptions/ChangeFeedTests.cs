using System.Globalization;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.PostgresTests.Dispatch;
using FraiseQL.EfCore.State.Subscriptions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Subscriptions;

public sealed class ChangeFeedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    [Feature("S2.2-subscription-notify")]
    [Feature("S2.4-multi-client")]
    public async Task Every_watcher_on_every_node_gets_its_own_copy_of_what_another_program_did()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var a = await StartAsync(database);
        await using var b = await StartAsync(database);
        await using var watchers = new Watchers<Post>(a, a, b);
        await watchers.GreetedAsync();

        await ExecuteAsync(
            database,
            """
            INSERT INTO people ("Id", "Name", kind) VALUES (1, 'Nobody asked', 'person');
            INSERT INTO posts (id, title, version) VALUES (7, 'one', 1);
            UPDATE posts SET title = 'two' WHERE id = 7;
            DELETE FROM posts WHERE id = 7;
            """);

        var ids = new HashSet<string>();
        foreach (var watcher in watchers.All)
        {
            var created = await NextAsync(watcher);
            var updated = await NextAsync(watcher);
            var deleted = await NextAsync(watcher);
            Assert.Equal(
                ["post_created post-7", "post_updated post-7", "post_deleted post-7"],
                new[] { created, updated, deleted }.Select(e => $"{e.Type} {e.EntityId}"));
            Assert.Equal(("one", 1), (created.Entity!.Title, created.Entity.Version));
            Assert.Equal("two", updated.Entity!.Title);
            Assert.Equal(["title"], updated.ChangedColumns);
            Assert.Null(deleted.Entity);
            ids.UnionWith([created.Id, updated.Id, deleted.Id]);
        }

        Assert.Equal(3, ids.Count);
    }

    [Fact]
    public async Task An_event_has_the_id_that_a_handler_gets()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new TaskCompletionSource<string>();
        await using var node = await HandlerNode.StartAsync(
            database, builder => builder.OnEvent<Post>("post_created", (change, _, _) =>
            {
                handled.TrySetResult(change.Id);
                return Task.CompletedTask;
            }));
        await using var watchers = new Watchers<Post>(node);
        await watchers.GreetedAsync();

        await ExecuteAsync(database, "INSERT INTO posts (id, title, version) VALUES (1, 'x', 1)");

        Assert.Equal(await handled.Task.WaitAsync(Patience), (await NextAsync(watchers.All[0])).Id);
    }

    [Fact]
    public async Task Who_begins_to_watch_during_a_look_that_reads_no_rows_begins_after_it()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = HandlerNode.Create(database, _ => { });
        var feed = node.Services.GetRequiredKeyedService<ChangeFeed>(typeof(ShopContext));
        feed.CoverageStarted(PgSnapshot.Beginning);
        feed.PollStarting();
        Assert.False(feed.WantsRows);
        await using var watcher = feed.WatchAsync<Post>(null, CancellationToken.None).GetAsyncEnumerator();
        var first = watcher.MoveNextAsync().AsTask();
        await Eventually.Until(() => feed.Watchers == 1);
        Assert.False(first.IsCompleted);
        Assert.False(feed.WantsRows);
        feed.CaughtUp(0, PgSnapshot.Beginning);
        Assert.True(await first.WaitAsync(Patience));
        Assert.True(watcher.Current.IsReset);
        feed.PollStarting();
        Assert.True(feed.WantsRows);
    }

    [Fact]
    public async Task A_watcher_that_reads_too_slowly_is_told_so_and_goes_on_with_what_comes_after()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await StartAsync(database);
        await using var watchers = new Watchers<Post>(node, node);
        await watchers.GreetedAsync();
        var (slow, quick) = (watchers.All[0], watchers.All[1]);

        await ExecuteAsync(database, "INSERT INTO posts (id, title, version) SELECT i, 'x', 1 FROM generate_series(1, 2500) i");
        await ExecuteAsync(database, "INSERT INTO posts (id, title, version) VALUES (3000, 'last', 1)");
        ChangeFeedItem<Post> item;
        do
        {
            item = await ItemAsync(quick);
        }
        while (item.Change?.EntityId != "post-3000");

        Assert.True((await ItemAsync(slow)).IsReset);
        var seen = new List<int>();
        do
        {
            seen.Add(int.Parse((await NextAsync(slow)).EntityId["post-".Length..], CultureInfo.InvariantCulture));
        }
        while (seen[^1] != 3000);
        Assert.True(seen.Count < 1001);
        Assert.Equal(seen.Order(), seen);
    }

    [Fact]
    public async Task A_lost_connection_delays_changes_and_drops_none()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await StartAsync(database);
        await using var watchers = new Watchers<Post>(node);
        await watchers.GreetedAsync();

        await ExecuteAsync(
            database,
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%fraiseql-listener';
            INSERT INTO posts (id, title, version) VALUES (1, 'meanwhile', 1);
            """);

        Assert.Equal("meanwhile", (await NextAsync(watchers.All[0])).Entity!.Title);
    }

    [Fact]
    public async Task What_cannot_be_watched_is_refused_with_the_remedy()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await StartAsync(database);
        await using var off = HandlerNode.Create(database, static _ => { }, cdc => cdc.Enabled = false);

        await using var silent = new Watchers<Silent>(node);
        await using var deaf = new Watchers<Post>(off);

        Assert.Contains("IgnoreChangeEvents", (await Assert.ThrowsAsync<InvalidOperationException>(silent.GreetedAsync)).Message, StringComparison.Ordinal);
        Assert.Contains("Cdc:Enabled", (await Assert.ThrowsAsync<InvalidOperationException>(deaf.GreetedAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_feed_of_each_context_is_there_under_its_type_and_ends_when_it_is_cancelled()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await StartAsync(database);
        Assert.Same(
            node.Services.GetRequiredService<IChangeFeed>(), node.Services.GetRequiredKeyedService<IChangeFeed>(typeof(ShopContext)));

        using var end = new CancellationTokenSource();
        await using var items = node.Services.GetRequiredService<IChangeFeed>().WatchAsync<Post>(cancellationToken: end.Token).GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());
        var next = items.MoveNextAsync();
        await end.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    [Feature("S2.1-receive")]
    [Feature("S0-cdc-stream")]
    public async Task A_watcher_goes_on_from_its_position_on_another_node_and_is_told_only_what_it_asked_for()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        string position;
        await using (var first = await StartAsync(database))
        {
            await using var watchers = new Watchers<Post>(first);
            await watchers.GreetedAsync();
            await ExecuteAsync(database, "INSERT INTO posts (id, title, version) VALUES (1, 'x', 1)");
            position = (await ItemAsync(watchers.All[0])).Position!;
        }

        await ExecuteAsync(
            database,
            """
            INSERT INTO posts (id, title, version) SELECT i, 'x', 1 FROM generate_series(2, 1700) i;
            UPDATE posts SET version = 2 WHERE id = 9;
            """);
        await using var node = await StartAsync(database);
        var feed = node.Services.GetRequiredService<IChangeFeed>();
        await using var all = feed.WatchAsync(new WatchOptions<Post> { From = position }).GetAsyncEnumerator();
        await using var some = feed.WatchAsync(new WatchOptions<Post> { From = position, Kinds = [ChangeKind.Updated], EntityId = "post-9", Where = e => e.Changed(p => p.Version) })
            .GetAsyncEnumerator();
        for (var id = 2; id <= 1700; id++)
        {
            Assert.Equal($"post_created post-{id}", Say(await NextAsync(all)));
        }

        Assert.Equal("post_updated post-9", Say(await NextAsync(all)));
        Assert.Equal("post_updated post-9", Say(await NextAsync(some)));
        await ExecuteAsync(database, "UPDATE posts SET title = 'y' WHERE id = 9");
        await ExecuteAsync(database, "UPDATE posts SET version = 3 WHERE id IN (8, 9)");
        Assert.Equal("post_updated post-9", Say(await NextAsync(all)));
        Assert.Equal(["post_updated post-8", "post_updated post-9"], new[] { Say(await NextAsync(all)), Say(await NextAsync(all)) }.Order());
        Assert.Equal("3", (await NextAsync(some)).Changes["version"].New!.Value.GetRawText());

        static string Say(ChangeEvent<Post> change) => $"{change.Type} {change.EntityId}";
    }

    [Fact]
    public async Task A_watcher_that_was_too_slow_finds_everything_from_the_position_of_its_reset()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await StartAsync(database);
        await using var watchers = new Watchers<Post>(node, node);
        await watchers.GreetedAsync();
        await ExecuteAsync(database, "INSERT INTO posts (id, title, version) VALUES (1, 'x', 1)");
        Assert.Equal("post-1", (await NextAsync(watchers.All[0])).EntityId);
        await ExecuteAsync(database, "INSERT INTO posts (id, title, version) SELECT i, 'x', 1 FROM generate_series(2, 2500) i");
        var written = await HandlerTests.CountAsync(database, "SELECT max(tx::text::bigint) FROM fraiseql.change_event");
        await Eventually.Until(() => node.Listener.Position!.Sees((ulong)written));

        var reset = await ItemAsync(watchers.All[0]);
        Assert.True(reset.IsReset);
        await using var again = node.Services.GetRequiredService<IChangeFeed>().WatchAsync(new WatchOptions<Post> { From = reset.Position }).GetAsyncEnumerator();
        for (var id = 2; id <= 2500; id++)
        {
            Assert.Equal($"post-{id}", (await NextAsync(again)).EntityId);
        }
    }

    [Fact]
    public async Task A_position_of_another_log_begins_with_a_reset_and_a_text_that_is_none_is_refused()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await StartAsync(database);
        var feed = node.Services.GetRequiredService<IChangeFeed>();
        await using var foreign = feed.WatchAsync(new WatchOptions<Post> { From = "0badc0de;5:5:;;0" }).GetAsyncEnumerator();
        Assert.True((await ItemAsync(foreign)).IsReset);
        await ExecuteAsync(database, "INSERT INTO posts (id, title, version) VALUES (1, 'x', 1)");
        Assert.Equal("post-1", (await NextAsync(foreign)).EntityId);

        await using var forged = feed.WatchAsync(new WatchOptions<Post> { From = "1'; drop table posts" }).GetAsyncEnumerator();
        await Assert.ThrowsAsync<ArgumentException>(async () => await forged.MoveNextAsync());
    }

    private static Task<HandlerNode> StartAsync(string database) => HandlerNode.StartAsync(database, static _ => { }, runsHandlers: false);

    private static async Task<ChangeEvent<Post>> NextAsync(IAsyncEnumerator<ChangeFeedItem<Post>> watcher)
    {
        var item = await ItemAsync(watcher);
        Assert.False(item.IsReset);
        return item.Change!;
    }

    private static async Task<ChangeFeedItem<Post>> ItemAsync(IAsyncEnumerator<ChangeFeedItem<Post>> watcher)
    {
        Assert.True(await watcher.MoveNextAsync().AsTask().WaitAsync(Patience));
        return watcher.Current;
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Watchers of one entity type, one for each of the nodes given.</summary>
    private sealed class Watchers<TEntity>(params HandlerNode[] nodes) : IAsyncDisposable
        where TEntity : class
    {
        public IReadOnlyList<IAsyncEnumerator<ChangeFeedItem<TEntity>>> All { get; } =
            [.. nodes.Select(node => node.Services.GetRequiredService<IChangeFeed>().WatchAsync<TEntity>().GetAsyncEnumerator())];

        /// <summary>Takes the reset that every feed begins with; from then on nothing is missed.</summary>
        public async Task GreetedAsync()
        {
            foreach (var watcher in All)
            {
                Assert.True(await watcher.MoveNextAsync().AsTask().WaitAsync(Patience));
                Assert.True(watcher.Current.IsReset);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var watcher in All)
            {
                await watcher.DisposeAsync();
            }
        }
    }
}
