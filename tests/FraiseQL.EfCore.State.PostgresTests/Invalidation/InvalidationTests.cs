using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Invalidation;

/// <summary>Calls to invalidate. What they end lives for an hour and depends on nothing (<c>UntilExpired</c>) where a call names it by tag, user or query.</summary>
public sealed class InvalidationTests : BlogDatabaseWithRedisTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);
    private static readonly AsyncLocal<string?> s_user = new();

    [Fact]
    [Feature("S3.3-invalidate-all")]
    public async Task Everything_ends_on_all_nodes_and_at_both_levels()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await Tagged(a, "x");
        await Eventually.Until(async () => (await Tagged(b, "x")).Outcome == CacheOutcome.L1Hit);
        await Seed.ExecuteAsync(ConnectionString, "update \"Authors\" set \"Name\" = 'new' where \"Id\" = 1");
        Assert.Equal(("Author 1", CacheOutcome.L1Hit), await Tagged(a, "x"));

        await Cache(a).InvalidateAllAsync();

        Assert.Equal("new", (await Tagged(a, "x")).Value);
        await Eventually.Until(async () => (await Tagged(b, "x")).Value == "new");

        // A node that was not there has the shared level alone, where the older result may still be: its proof is missing.
        await using var c = await StartAsync();
        Assert.Equal("new", (await Tagged(c, "x")).Value);
    }

    [Fact]
    public async Task A_tag_ends_its_results_at_once_here_and_on_other_nodes_and_leaves_the_others()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await Tagged(a, "x");
        await Tagged(a, "y");
        await Eventually.Until(async () => (await Tagged(b, "x")).Outcome == CacheOutcome.L1Hit && (await Tagged(b, "y")).Outcome == CacheOutcome.L1Hit);
        await Seed.ExecuteAsync(ConnectionString, "update \"Authors\" set \"Name\" = 'new' where \"Id\" = 1");

        await Cache(a).InvalidateTagAsync("x");

        Assert.Equal("new", (await Tagged(a, "x")).Value);
        await Eventually.Until(async () => (await Tagged(b, "x")).Value == "new");
        Assert.Equal(("Author 1", CacheOutcome.L1Hit), await Tagged(a, "y"));
        Assert.Equal(("Author 1", CacheOutcome.L1Hit), await Tagged(b, "y"));

        // Filled after the call by one node, it serves the other: one fill for all.
        await Eventually.Until(async () => (await Tagged(a, "x")).Outcome == CacheOutcome.L1Hit && (await Tagged(b, "x")).Outcome == CacheOutcome.L1Hit);
    }

    [Fact]
    [Feature("S3.3-invalidate-all")]
    public async Task A_node_that_was_down_during_the_call_does_not_take_the_older_result_from_the_shared_level()
    {
        await using (var a = await StartAsync())
        {
            await Tagged(a, "x");
            await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(Redis.ConnectionString);
            await Eventually.Until(async () => await redis.GetServers()[0].DatabaseSizeAsync() >= 2);
        }

        await Seed.ExecuteAsync(ConnectionString, "update \"Authors\" set \"Name\" = 'new' where \"Id\" = 1");
        await using (var caller = Alone())
        {
            await caller.Database.InvalidateCacheAsync(i => i.Tag("x"));
        }

        await using var late = await StartAsync();
        Assert.Equal("new", (await Tagged(late, "x")).Value);
    }

    [Fact]
    public async Task In_a_transaction_it_takes_effect_with_the_commit_and_not_at_all_after_a_rollback()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await Tagged(a, "x");
        await Eventually.Until(async () => (await Tagged(b, "x")).Outcome == CacheOutcome.L1Hit);
        await Seed.ExecuteAsync(ConnectionString, "update \"Authors\" set \"Name\" = 'new' where \"Id\" = 1");
        await using var db = a.CreateContext();
        await using (var rolledBack = await db.Database.BeginTransactionAsync())
        {
            await db.Database.InvalidateCacheAsync(i => i.Tag("x"));
            Assert.Equal(("Author 1", CacheOutcome.L1Hit), await Tagged(a, "x"));
            await rolledBack.RollbackAsync();
        }

        Assert.Equal(("Author 1", CacheOutcome.L1Hit), await Tagged(a, "x"));
        await using (var committed = await db.Database.BeginTransactionAsync())
        {
            await db.Database.InvalidateCacheAsync(i => i.Tag("x"));
            Assert.Equal(("Author 1", CacheOutcome.L1Hit), await Tagged(a, "x"));
            await committed.CommitAsync();
        }

        Assert.Equal("new", (await Tagged(a, "x")).Value);
        await Eventually.Until(async () => (await Tagged(b, "x")).Value == "new");
    }

    [Fact]
    [Feature("S4.1-user-invalidate")]
    public async Task One_users_results_end_alone_and_those_of_one_query_too()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        foreach (var user in (string[])["ann", "bob"])
        {
            foreach (var query in (string[])["GetUserPosts", "GetUserTags"])
            {
                await OfUser(a, user, query);
                await Eventually.Until(async () => (await OfUser(b, user, query)).Outcome == CacheOutcome.L1Hit);
            }
        }

        await Cache(a).InvalidateAsync(i => i.User("ann", "GetUserPosts"));
        Assert.Equal(CacheOutcome.Miss, (await OfUser(a, "ann", "GetUserPosts")).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await OfUser(a, "ann", "GetUserTags")).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await OfUser(a, "bob", "GetUserPosts")).Outcome);

        await Seed.ExecuteAsync(ConnectionString, "update \"Authors\" set \"Name\" = 'new' where \"Id\" = 1");
        await Cache(a).InvalidateAsync(i => i.User("ann"));
        Assert.Equal("new", (await OfUser(a, "ann", "GetUserPosts")).Value);
        Assert.Equal("new", (await OfUser(a, "ann", "GetUserTags")).Value);
        await Eventually.Until(async () => (await OfUser(b, "ann", "GetUserTags")).Value == "new");
        foreach (var node in (Node[])[a, b])
        {
            Assert.Equal(("Author 1", CacheOutcome.L1Hit), await OfUser(node, "bob", "GetUserPosts"));
            Assert.Equal(("Author 1", CacheOutcome.L1Hit), await OfUser(node, "bob", "GetUserTags"));
        }

        await Cache(a).InvalidateAsync(i => i.Query("GetUserTags"));
        Assert.Equal("new", (await OfUser(a, "bob", "GetUserTags")).Value);
        Assert.Equal(("Author 1", CacheOutcome.L1Hit), await OfUser(a, "bob", "GetUserPosts"));
    }

    [Fact]
    public async Task A_row_an_owner_and_an_entity_end_what_depends_on_them_and_leave_the_others()
    {
        await using var a = await StartAsync();
        async Task<string> Outcomes() => string.Join(' ',
            (await a.ReadAsync(db => db.Posts.Where(p => p.Id == 1).Cacheable(s_hour).CountAsync())).Outcome,
            (await a.ReadAsync(db => db.Posts.Where(p => p.Id == 2).Cacheable(s_hour).CountAsync())).Outcome,
            (await a.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 1).Cacheable(s_hour).CountAsync())).Outcome,
            (await a.ReadAsync(db => db.Posts.Where(p => p.AuthorId == 2).Cacheable(s_hour).CountAsync())).Outcome,
            (await a.ReadAsync(db => db.Posts.Cacheable(s_hour).CountAsync())).Outcome,
            (await a.ReadAsync(db => db.Authors.Cacheable(s_hour).CountAsync())).Outcome);
        await Outcomes();
        Assert.Equal("L1Hit L1Hit L1Hit L1Hit L1Hit L1Hit", await Outcomes());

        await Cache(a).InvalidateAsync(i => i.Row<Post>(1));
        Assert.Equal("Miss L1Hit L1Hit L1Hit Miss L1Hit", await Outcomes());
        await Cache(a).InvalidateRowsAsync((Post p) => p.AuthorId, 1);
        Assert.Equal("L1Hit L1Hit Miss L1Hit Miss L1Hit", await Outcomes());
        await Cache(a).InvalidateEntityAsync<Post>();
        Assert.Equal("Miss Miss Miss Miss Miss L1Hit", await Outcomes());
    }

    [Fact]
    public async Task Handlers_and_feeds_are_told_of_no_change()
    {
        var told = 0;
        await using var a = await StartAsync(state => state.OnEvent<Post>(ChangeKind.Updated, (_, _, _) => Task.FromResult(Interlocked.Increment(ref told))));
        await Eventually.Until(() => a.Logs.GetSnapshot().Any(r => r.Id.Id == FraiseQLStateEventId.HandlersTaken));
        using var stop = new CancellationTokenSource();
        var feed = a.Services.GetRequiredService<IChangeFeed>().WatchAsync<Post>(cancellationToken: stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await feed.MoveNextAsync());
        Assert.True(feed.Current.IsReset);
        await Cache(a).InvalidateAsync(i => i.Row<Post>(1).Entity<Post>().Everything());
        await Seed.ExecuteAsync(ConnectionString, "update \"Posts\" set \"Title\" = 'later' where \"Id\" = 7");

        Assert.True(await feed.MoveNextAsync());
        Assert.Equal("post-7", feed.Current.Change!.EntityId);
        await Eventually.Until(() => Volatile.Read(ref told) == 1);
        await stop.CancelAsync();
        await feed.DisposeAsync();
    }

    [Fact]
    public async Task A_context_without_listener_or_log_ends_its_own_results()
    {
        var alone = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.ExecuteAsync(alone, "create table \"Authors\" (\"Id\" int primary key, \"Name\" text not null); insert into \"Authors\" values (1, 'old')");
        async Task<string> Name()
        {
            await using var db = Alone(alone);
            return await Query(db, "alone").SingleAsync();
        }

        Assert.Equal("old", await Name());
        await Seed.ExecuteAsync(alone, "update \"Authors\" set \"Name\" = 'new'");
        Assert.Equal("old", await Name());
        await using var caller = Alone(alone);
        await caller.Database.InvalidateCacheAsync(i => i.Tag("alone"));
        Assert.Equal("new", await Name());
    }

    [Fact]
    public async Task When_the_database_cannot_be_reached_this_node_forgets_and_the_caller_is_told_that_the_others_were_not()
    {
        var target = new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString);
        await using var proxy = FaultyProxy.Start(target.Host!, target.Port);
        var through = new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString) { Host = "127.0.0.1", Port = proxy.Port, Pooling = false }.ConnectionString;
        await using var a = await Node.StartAsync(through, Redis.ConnectionString);
        await Tagged(a, "x");
        proxy.Cut();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Cache(a).InvalidateTagAsync("x"));
        Assert.Contains("the other nodes were not told", error.Message, StringComparison.Ordinal);
        proxy.Restore();
        await Seed.ExecuteAsync(ConnectionString, "update \"Authors\" set \"Name\" = 'new' where \"Id\" = 1");
        Assert.Equal("new", (await Tagged(a, "x")).Value);
    }

    [Fact]
    public async Task What_nothing_can_depend_on_is_refused_with_the_remedy()
    {
        await using var db = Alone();
        async Task<string> Message(Action<CacheInvalidation> what)
            => (await Assert.ThrowsAnyAsync<Exception>(() => db.Database.InvalidateCacheAsync(what))).Message;
        Assert.Contains("DependsOn(x => x.Title)", await Message(i => i.Rows((Post p) => p.Title, "x")), StringComparison.Ordinal);
        Assert.Contains("is of type Int32, but the value is of type String", await Message(i => i.Row<Post>("1")), StringComparison.Ordinal);
        Assert.Contains("has 1 values, but 2 were given", await Message(i => i.Row<Post>(1, 2)), StringComparison.Ordinal);
        Assert.Contains("x => x.AuthorId", await Message(i => i.Rows((Post p) => p.AuthorId + 1, 2)), StringComparison.Ordinal);
        Assert.Contains(".Cacheable(o => o.Tags(", await Message(i => i.Entity<string>()), StringComparison.Ordinal);
        Assert.Contains("UseFraiseQLState()", (await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var plain = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(ConnectionString).Options);
            await plain.Database.InvalidateCacheAsync(i => i.Tag("x"));
        })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_program_may_call_it_in_SQL_and_what_is_not_understood_ends_everything()
    {
        await using var a = await StartAsync();
        await Tagged(a, "x");
        await Tagged(a, "y");
        await Seed.ExecuteAsync(ConnectionString, "update \"Authors\" set \"Name\" = 'new' where \"Id\" = 1");
        await Seed.ExecuteAsync(ConnectionString, "select fraiseql.invalidate('[[\"tag\", \"x\"]]')");
        await Eventually.Until(async () => (await Tagged(a, "x")).Value == "new");
        Assert.Equal(("Author 1", CacheOutcome.L1Hit), await Tagged(a, "y"));
        await Seed.ExecuteAsync(ConnectionString, "select fraiseql.invalidate('{\"later\": \"version\"}')");
        await Eventually.Until(async () => (await Tagged(a, "y")).Value == "new");
    }

    private async Task<Node> StartAsync(Action<FraiseQLStateBuilder>? state = null) => await Node.StartAsync(
        ConnectionString, Redis.ConnectionString,
        state: s =>
        {
            s.VaryByUser(_ => s_user.Value);
            state?.Invoke(s);
        });

    private BlogContext Alone(string? connectionString = null)
        => new(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(connectionString ?? ConnectionString).UseFraiseQLState().Options);

    private static IStateCache Cache(Node node) => node.Services.GetRequiredService<IStateCache>();

    private static IQueryable<string> Query(BlogContext db, string tag)
        => db.Authors.Where(x => x.Id == 1).Select(x => x.Name).Cacheable(o => o.Ttl(s_hour).UntilExpired().Tags(tag));

    private static Task<(string Value, CacheOutcome Outcome)> Tagged(Node node, string tag) => node.ReadAsync(db => Query(db, tag).SingleAsync());

    private static Task<(string Value, CacheOutcome Outcome)> OfUser(Node node, string user, string query)
    {
        s_user.Value = user;
        return node.ReadAsync(db => db.Authors.Where(x => x.Id == 1).Select(x => x.Name)
            .Cacheable(o => o.Ttl(s_hour).UntilExpired().PerUser().Named(query)).SingleAsync());
    }
}
