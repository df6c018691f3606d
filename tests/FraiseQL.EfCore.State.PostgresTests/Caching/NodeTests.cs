using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Nodes with a listener: every committed change of any program is seen on every node.</summary>
public sealed class NodeTests : BlogDatabaseTests
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    [Fact]
    [Feature("S1.1-l1-per-instance")]
    [Feature("U-01-fence")]
    [Feature("S2.1-invalidate")]
    [Feature("S3.3-invalidated-on-write")]
    [Feature("S4.1-raw")]
    public async Task A_commit_on_one_node_is_fresh_there_at_once_and_soon_on_the_other()
    {
        await using var a = await Node.StartAsync(ConnectionString);
        await using var b = await Node.StartAsync(ConnectionString);
        await Titles(a, 1);
        await Titles(b, 1);
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(a, 1)).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(b, 1)).Outcome);

        await a.WriteAsync(async db =>
        {
            (await db.Posts.OrderBy(p => p.Id).FirstAsync(p => p.AuthorId == 1)).Title = "new on A";
            await db.SaveChangesAsync();
        });
        Assert.Contains("new on A", (await Titles(a, 1)).Value);
        await Eventually.Until(async () => (await Titles(b, 1)).Value.Contains("new on A"), TimeSpan.FromSeconds(10));
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(b, 1)).Outcome);
    }

    [Fact]
    [Feature("S0-cdc-drives-all")]
    [Feature("B-05-external")]
    [Feature("S1.4-unrelated-kept")]
    public async Task A_write_by_psql_is_seen_and_another_authors_list_stays_a_hit()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Titles(node, 1);
        await Titles(node, 2);
        await ExecuteAsync("UPDATE \"Posts\" SET \"Title\" = 'by psql' WHERE \"AuthorId\" = 1");
        await Eventually.Until(async () => (await Titles(node, 1)).Value.All(t => t == "by psql"), TimeSpan.FromSeconds(10));
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(node, 2)).Outcome);
    }

    [Fact]
    [Feature("B-03-predicate")]
    [Feature("S1.4-by-owner")]
    public async Task A_row_that_moves_ends_the_list_that_it_leaves_and_the_list_that_it_enters()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var from = (await Titles(node, 1)).Value;
        await Titles(node, 2);
        await Titles(node, 3);
        await ExecuteAsync($"UPDATE \"Posts\" SET \"AuthorId\" = 2 WHERE \"Title\" = '{from[0]}'");
        await Eventually.Until(async () => !(await Titles(node, 1)).Value.Contains(from[0]), TimeSpan.FromSeconds(10));
        Assert.Contains(from[0], (await Titles(node, 2)).Value);
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(node, 3)).Outcome);
    }

    [Fact]
    [Feature("U-31-negative")]
    public async Task An_empty_result_is_cached_and_ended_by_the_insert_that_fills_it()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        Assert.Empty((await Titles(node, 4)).Value);
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(node, 4)).Outcome);
        await ExecuteAsync("INSERT INTO \"Posts\" (\"Title\", \"Views\", \"PublishedAt\", \"AuthorId\") VALUES ('first', 0, now(), 4)");
        await Eventually.Until(async () => (await Titles(node, 4)).Value.Contains("first"), TimeSpan.FromSeconds(10));
    }

    [Fact]
    [Feature("U-01-fence")]
    [Feature("B-02-proof")]
    public async Task Rows_read_before_a_commit_and_stored_after_its_invalidation_are_never_served()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var held = new Gate();
        node.Commands.AfterExecute = command => command.CommandText.Contains("\"Posts\"", StringComparison.Ordinal) ? held.PassAsync() : Task.CompletedTask;

        // The reader has its old rows in hand, and waits.
        var slow = Titles(node, 1);
        await held.Arrived;
        node.Commands.AfterExecute = null;
        await node.WriteAsync(async db =>
        {
            await db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "newer"));
        });
        held.Open();
        Assert.DoesNotContain("newer", (await slow).Value);

        var next = await Titles(node, 1);
        Assert.All(next.Value, t => Assert.Equal("newer", t));
        Assert.NotEqual(CacheOutcome.L1Hit, next.Outcome);
    }

    [Fact]
    [Feature("U-01-fence")]
    public async Task Rows_read_before_a_foreign_commit_are_ended_by_its_event()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var held = new Gate();
        node.Commands.AfterExecute = command => command.CommandText.Contains("\"Posts\"", StringComparison.Ordinal) ? held.PassAsync() : Task.CompletedTask;
        var slow = Titles(node, 1);
        await held.Arrived;
        node.Commands.AfterExecute = null;
        await ExecuteAsync("UPDATE \"Posts\" SET \"Title\" = 'newer' WHERE \"AuthorId\" = 1");

        // Another author's list tells when the event has been applied.
        await Titles(node, 2);
        await ExecuteAsync("UPDATE \"Posts\" SET \"Title\" = 'marker' WHERE \"AuthorId\" = 2");
        await Eventually.Until(async () => (await Titles(node, 2)).Value.Contains("marker"), TimeSpan.FromSeconds(10));
        held.Open();
        Assert.DoesNotContain("newer", (await slow).Value);
        Assert.All((await Titles(node, 1)).Value, t => Assert.Equal("newer", t));
    }

    [Fact]
    [Feature("U-30-single-flight")]
    [Feature("S5.1-miss-db")]
    public async Task Many_concurrent_misses_run_one_query_and_a_cancelled_leader_disturbs_nobody()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var held = new Gate();
        using var cancel = new CancellationTokenSource();
        node.Commands.AfterExecute = async _ =>
        {
            await held.PassAsync();
            cancel.Token.ThrowIfCancellationRequested();
        };
        var leader = node.ReadAsync(db => Query(db, 1).ToListAsync(cancel.Token));
        await held.Arrived;
        node.Commands.AfterExecute = null;
        var before = node.Commands.Readers;
        var others = Enumerable.Range(0, 16).Select(_ => Task.Run(() => Titles(node, 1))).ToArray();
        await cancel.CancelAsync();
        held.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        var results = await Task.WhenAll(others);
        Assert.All(results, r => Assert.Equal(results[0].Value, r.Value));
        Assert.Equal(1, node.Commands.Readers - before);
    }

    [Fact]
    public async Task Raw_sql_of_this_node_is_seen_at_once_and_unrelated_entries_come_back()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Titles(node, 1);
        await Titles(node, 2);
        await node.WriteAsync(db => db.Database.ExecuteSqlRawAsync("UPDATE \"Posts\" SET \"Title\" = 'raw' WHERE \"AuthorId\" = 1"));
        Assert.All((await Titles(node, 1)).Value, t => Assert.Equal("raw", t));
        await Eventually.Until(async () => (await Titles(node, 2)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Deleting_by_a_stub_is_seen_at_once_in_the_list_that_the_stub_does_not_name()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var before = await Titles(node, 1);
        var id = (await node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 1).Select(p => p.Id).FirstAsync())).Value;
        await node.WriteAsync(async db =>
        {
            db.Remove(new Post { Id = id });
            await db.SaveChangesAsync();
        });
        Assert.Equal(before.Value.Count - 1, (await Titles(node, 1)).Value.Count);
    }

    [Fact]
    [Feature("S1.4-cascade")]
    public async Task What_the_database_deletes_by_cascade_is_seen_at_once()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var post = (await node.ReadAsync(db => db.Comments.Select(c => c.PostId).FirstAsync())).Value;
        Assert.NotEmpty((await Comments(node, post)).Value);
        await node.WriteAsync(async db =>
        {
            db.Remove(new Post { Id = post });
            await db.SaveChangesAsync();
        });
        Assert.Empty((await Comments(node, post)).Value);
    }

    [Fact]
    [Feature("S1.4-feed")]
    public async Task Includes_joins_and_many_to_many_follow_their_tables()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        Task<(Author Value, CacheOutcome Outcome)> Read() => node.ReadAsync(db => db.Authors.Include(a => a.Posts).ThenInclude(p => p.Tags)
            .AsNoTracking().Cacheable(s_ttl).SingleAsync(a => a.Id == 1));
        var first = await Read();
        Assert.Equal(CacheOutcome.L1Hit, (await Read()).Outcome);
        var post = first.Value.Posts[0].Id;

        // A post of another author changes nothing here; a tag of one of these posts does.
        await ExecuteAsync("UPDATE \"Posts\" SET \"Title\" = 'other' WHERE \"AuthorId\" = 2");
        await Titles(node, 3);
        await ExecuteAsync("UPDATE \"Posts\" SET \"Title\" = 'marker' WHERE \"AuthorId\" = 3");
        await Eventually.Until(async () => (await Titles(node, 3)).Value.Contains("marker"), TimeSpan.FromSeconds(10));
        Assert.Equal(CacheOutcome.L1Hit, (await Read()).Outcome);

        await ExecuteAsync($"DELETE FROM \"PostTag\" WHERE \"PostsId\" = {post}");
        await Eventually.Until(async () => (await Read()).Value.Posts.Single(p => p.Id == post).Tags.Count == 0, TimeSpan.FromSeconds(10));
    }

    [Fact]
    [Feature("S2.1-receive")]
    public async Task After_the_listeners_connection_was_killed_it_catches_up()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Titles(node, 1);
        await ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await ExecuteAsync("UPDATE \"Posts\" SET \"Title\" = 'meanwhile' WHERE \"AuthorId\" = 1");
        NpgsqlConnection.ClearAllPools();
        await Eventually.Until(async () => (await Titles(node, 1)).Value.All(t => t == "meanwhile"), TimeSpan.FromSeconds(10));
        await Eventually.Until(async () => (await Titles(node, 1)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
    }

    [Fact]
    [Feature("B-01-no-connection")]
    public async Task A_hit_is_served_with_the_database_stopped()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        var connectionString = await server.CreateDatabaseAsync();
        await Seed.CreateAsync(connectionString);
        await using var node = await Node.StartAsync(connectionString, configure: o => o.Consistency.MaxSilence = TimeSpan.FromMinutes(10));
        var before = await Titles(node, 1);
        await server.StopAsync();
        var hit = await Titles(node, 1);
        Assert.Equal(CacheOutcome.L1Hit, hit.Outcome);
        Assert.Equal(before.Value, hit.Value);
        await Assert.ThrowsAnyAsync<Exception>(() => Titles(node, 2));
    }

    [Fact]
    [Feature("S1.2-key-variables")]
    public async Task Two_tenants_under_a_global_filter_never_share_rows()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        Task<(List<string> Value, CacheOutcome Outcome)> Read(string? tenant) => node.ReadAsync(db =>
        {
            db.Tenant = tenant;
            return db.Documents.OrderBy(d => d.Id).Select(d => d.Text).Cacheable(s_ttl).ToListAsync();
        });
        Assert.Equal(["red 1", "red 2"], (await Read("red")).Value);
        Assert.Equal(["blue 1"], (await Read("blue")).Value);
        Assert.Equal((CacheOutcome.L1Hit, 2), await Both("red"));
        Assert.Equal((CacheOutcome.L1Hit, 1), await Both("blue"));
        Assert.Equal(3, (await Read(null)).Value.Count);

        async Task<(CacheOutcome, int)> Both(string tenant)
        {
            var (value, outcome) = await Read(tenant);
            return (outcome, value.Count);
        }
    }

    [Fact]
    [Feature("U-29-rls-check")]
    [Feature("S9.1-dont-before-authz")]
    public async Task A_table_with_row_level_security_is_not_cached_and_the_log_says_so()
    {
        await ExecuteAsync("ALTER TABLE \"Documents\" ENABLE ROW LEVEL SECURITY");
        await using var node = await Node.StartAsync(ConnectionString);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(CacheOutcome.Bypass, (await node.ReadAsync(db => db.Documents.Cacheable().CountAsync())).Outcome);
        }

        Assert.Contains(node.Logs.GetSnapshot(), r => r.Message.Contains("public.Documents have row-level security", StringComparison.Ordinal));
        await Titles(node, 1);
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(node, 1)).Outcome);
    }

    [Fact]
    public async Task Two_databases_with_the_same_sql_never_share_rows()
    {
        var other = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(other);
        await ExecuteAsync("UPDATE \"Posts\" SET \"Title\" = 'elsewhere'", other);
        await using var node = await Node.StartAsync(ConnectionString);
        Assert.DoesNotContain("elsewhere", (await Titles(node, 1)).Value);
        Task<(List<string> Value, CacheOutcome Outcome)> Elsewhere() => node.ReadAsync(db =>
        {
            db.Database.SetConnectionString(other);
            return Query(db, 1).ToListAsync();
        });
        Assert.All((await Elsewhere()).Value, t => Assert.Equal("elsewhere", t));
        Assert.Equal(CacheOutcome.L1Hit, (await Elsewhere()).Outcome);
        Assert.DoesNotContain("elsewhere", (await Titles(node, 1)).Value);
    }

    private static IQueryable<string> Query(BlogContext db, int author)
        => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title).Cacheable(s_ttl);

    private static Task<(List<string> Value, CacheOutcome Outcome)> Titles(Node node, int author)
        => node.ReadAsync(db => Query(db, author).ToListAsync());

    private static Task<(List<string> Value, CacheOutcome Outcome)> Comments(Node node, int post)
        => node.ReadAsync(db => db.Comments.Where(c => c.PostId == post).Select(c => c.Text).Cacheable(s_ttl).ToListAsync());

    private Task ExecuteAsync(string sql, string? connectionString = null) => Seed.ExecuteAsync(connectionString ?? ConnectionString, sql);
}
