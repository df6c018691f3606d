using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Compiled;

public sealed record PostCard(int Id, string Title);

/// <summary><c>CacheableQuery.Compile</c>: on a hit all callers have the same objects, and only as long as the database says the same.</summary>
[Feature("B-18-typed")]
public sealed class SharedResultTests : BlogDatabaseTests
{
    private static readonly CompiledCacheableQuery<BlogContext, int, IReadOnlyList<PostCard>> s_posts = CacheableQuery.Compile(
        (BlogContext db, int author) => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id)
            .Select(p => new PostCard(p.Id, p.Title)).Cacheable(TimeSpan.FromMinutes(5)));

    private static readonly CompiledCacheableQuery<BlogContext, IReadOnlyList<string>> s_documents = CacheableQuery.Compile(
        (BlogContext db) => db.Documents.OrderBy(d => d.Id).Select(d => d.Text).Cacheable());

    [Fact]
    public async Task On_a_hit_every_caller_gets_the_same_list_and_no_command_is_sent()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var first = await node.ReadAsync(db => s_posts.ExecuteAsync(db, 1).AsTask());
        var opened = node.Commands.Connections.Opened;
        var second = await node.ReadAsync(db => s_posts.ExecuteAsync(db, 1).AsTask());
        var third = await node.ReadAsync(db => Task.FromResult(s_posts.Execute(db, 1)));
        var other = await node.ReadAsync(db => s_posts.ExecuteAsync(db, 2).AsTask());
        Assert.Equal(CacheOutcome.Miss, first.Outcome);
        Assert.Equal(CacheOutcome.L1Hit, second.Outcome);
        Assert.Same(first.Value, second.Value);
        Assert.Same(first.Value, third.Value);
        Assert.Equal(["Post 1.1", "Post 1.2", "Post 1.3", "Post 1.4"], first.Value.Select(p => p.Title));
        Assert.Equal(["Post 2.1", "Post 2.2", "Post 2.3", "Post 2.4"], other.Value.Select(p => p.Title));
        Assert.Equal(opened + 1, node.Commands.Connections.Opened);
        Assert.ThrowsAny<NotSupportedException>(() => ((IList<PostCard>)first.Value)[0] = new PostCard(0, ""));
    }

    [Fact]
    public async Task A_hit_completes_synchronously_and_a_cancelled_token_is_honoured()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await using var db = node.CreateContext();
        await s_posts.ExecuteAsync(db, 1);
        Assert.True(s_posts.ExecuteAsync(db, 1).AsTask().IsCompletedSuccessfully);
        Assert.True(s_posts.ExecuteAsync(db, 1, new CancellationToken(canceled: true)).AsTask().IsCanceled);
    }

    [Fact]
    public async Task Own_writes_are_seen_at_once_and_other_lists_stay()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Titles(node, 1);
        var other = await node.ReadAsync(db => s_posts.ExecuteAsync(db, 2).AsTask());
        await node.WriteAsync(async db =>
        {
            (await db.Posts.OrderBy(p => p.Id).FirstAsync(p => p.AuthorId == 1)).Title = "changed";
            await db.SaveChangesAsync();
        });
        Assert.Contains("changed", (await Titles(node, 1)).Value);

        // Until the node has read its own write in the log, a list whose author the write may have changed is read anew: so first a sign that it has.
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = 'later' WHERE \"AuthorId\" = 3");
        await Eventually.Until(async () => (await Titles(node, 3)).Value.All(t => t == "later"), TimeSpan.FromSeconds(10));
        var again = await node.ReadAsync(db => s_posts.ExecuteAsync(db, 2).AsTask());
        Assert.Equal(CacheOutcome.L1Hit, again.Outcome);
        Assert.Same(other.Value, again.Value);
    }

    [Fact]
    public async Task A_write_by_psql_and_one_by_another_node_are_seen()
    {
        await using var a = await Node.StartAsync(ConnectionString);
        await using var b = await Node.StartAsync(ConnectionString);
        await Titles(a, 1);
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = 'by psql' WHERE \"AuthorId\" = 1");
        await Eventually.Until(async () => (await Titles(a, 1)).Value.All(t => t == "by psql"), TimeSpan.FromSeconds(10));
        await b.WriteAsync(db => db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "by b")));
        await Eventually.Until(async () => (await Titles(a, 1)).Value.All(t => t == "by b"), TimeSpan.FromSeconds(10));
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(a, 1)).Outcome);
    }

    [Fact]
    public async Task Within_a_transaction_the_database_is_asked_and_its_rows_are_not_shared()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var before = await Titles(node, 1);
        await using (var db = node.CreateContext())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Posts.ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "uncommitted"));
            Assert.All(await s_posts.ExecuteAsync(db, 1), p => Assert.Equal("uncommitted", p.Title));
            Assert.Equal(CacheOutcome.Bypass, db.Database.GetCacheOutcome());
            await transaction.RollbackAsync();
        }

        using (new System.Transactions.TransactionScope(System.Transactions.TransactionScopeAsyncFlowOption.Enabled))
        {
            await using var db = node.CreateContext();
            await s_posts.ExecuteAsync(db, 1);
            Assert.Equal(CacheOutcome.Bypass, db.Database.GetCacheOutcome());
        }

        Assert.Equal(before.Value, (await Titles(node, 1)).Value);
    }

    [Fact]
    public async Task What_a_query_filter_reads_from_the_context_separates_tenants()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        async Task<(IReadOnlyList<string> Value, CacheOutcome Outcome)> Read(string? tenant) => await node.ReadAsync(db =>
        {
            db.Tenant = tenant;
            return s_documents.ExecuteAsync(db).AsTask();
        });
        for (var round = 0; round < 3; round++)
        {
            var expected = round == 0 ? CacheOutcome.Miss : CacheOutcome.L1Hit;
            var red = await Read("red");
            var blue = await Read("blue");
            var all = await Read(null);
            Assert.Equal(["red 1", "red 2"], red.Value);
            Assert.Equal(["blue 1"], blue.Value);
            Assert.Equal(3, all.Value.Count);
            Assert.Equal([expected, expected, expected], [red.Outcome, blue.Outcome, all.Outcome]);
        }

        Assert.Same((await Read("red")).Value, (await Read("red")).Value);
    }

    [Fact]
    public async Task Scopes_separate_tenants_always_and_users_where_the_query_says_so()
    {
        var posts = CacheableQuery.Compile((BlogContext db, int author) => db.Posts.Where(p => p.AuthorId == author).Select(p => p.Title).Cacheable());
        var mine = CacheableQuery.Compile(
            (BlogContext db, int author) => db.Posts.Where(p => p.AuthorId == author).Select(p => p.Title).Cacheable(o => o.PerUser()));
        var tenant = "red";
        var user = "ann";
        await using var node = await Node.StartAsync(ConnectionString, state: s => s.VaryBy("tenant", _ => tenant).VaryByUser(_ => user));
        async Task<(IReadOnlyList<string> All, IReadOnlyList<string> Mine)> Read() => (
            (await node.ReadAsync(db => posts.ExecuteAsync(db, 1).AsTask())).Value, (await node.ReadAsync(db => mine.ExecuteAsync(db, 1).AsTask())).Value);
        var redAnn = await Read();
        user = "ben";
        var redBen = await Read();
        tenant = "blue";
        var blueBen = await Read();
        Assert.Same(redAnn.All, redBen.All);
        Assert.NotSame(redAnn.Mine, redBen.Mine);
        Assert.NotSame(redBen.All, blueBen.All);
        Assert.NotSame(redBen.Mine, blueBen.Mine);
        (tenant, user) = ("red", "ann");
        var again = await Read();
        Assert.Same(redAnn.All, again.All);
        Assert.Same(redAnn.Mine, again.Mine);
    }

    [Fact]
    public async Task Two_databases_do_not_mix()
    {
        var elsewhere = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(elsewhere);
        await Seed.ExecuteAsync(elsewhere, "UPDATE \"Posts\" SET \"Title\" = 'elsewhere'");
        await using var one = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(ConnectionString).UseFraiseQLState().Options);
        await using var two = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(elsewhere).UseFraiseQLState().Options);
        for (var round = 0; round < 3; round++)
        {
            Assert.DoesNotContain(await s_posts.ExecuteAsync(one, 1), p => p.Title == "elsewhere");
            Assert.All(await s_posts.ExecuteAsync(two, 1), p => Assert.Equal("elsewhere", p.Title));
        }
    }

    [Fact]
    public async Task One_compiled_query_serves_contexts_of_different_models()
    {
        await using var one = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(ConnectionString).UseFraiseQLState().Options);
        await using var two = new BlogContext(new DbContextOptionsBuilder<BlogContext>()
            .UseNpgsql(ConnectionString).UseFraiseQLState().EnableServiceProviderCaching(false).Options);
        Assert.NotSame(one.Model, two.Model);
        Assert.Equal(await s_posts.ExecuteAsync(one, 1), await s_posts.ExecuteAsync(two, 1));
        Assert.Equal(s_posts.Execute(one, 2), s_posts.Execute(two, 2));
    }

    [Fact]
    public async Task The_shared_list_ends_with_its_time_to_live()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var node = await Node.StartAsync(ConnectionString, time: time);
        await Titles(node, 1);
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.Until(async () => (await Titles(node, 1)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
        for (var i = 0; i < 300; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await Eventually.Until(async () => (await Titles(node, 1)).Outcome != CacheOutcome.Bypass, TimeSpan.FromSeconds(10));
        Assert.True(node.Commands.Readers >= 2);
    }

    [Fact]
    public async Task An_entry_of_another_node_is_proven_and_then_shared()
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var a = await Node.StartAsync(ConnectionString, redis.ConnectionString, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(2));
        await using var b = await Node.StartAsync(ConnectionString, redis.ConnectionString, o => o.Cache.L2.Timeout = TimeSpan.FromSeconds(2));
        var author = 100;
        (IReadOnlyList<PostCard> Value, CacheOutcome Outcome) read = default;
        await Eventually.Until(
            async () =>
            {
                author++;
                await a.ReadAsync(db => s_posts.ExecuteAsync(db, author).AsTask());
                await Seed.ExecuteAsync(ConnectionString, "SELECT 1");
                read = await b.ReadAsync(db => s_posts.ExecuteAsync(db, author).AsTask());
                return read.Outcome == CacheOutcome.L2Hit;
            },
            TimeSpan.FromSeconds(20));
        var again = await b.ReadAsync(db => s_posts.ExecuteAsync(db, author).AsTask());
        Assert.Equal(CacheOutcome.L1Hit, again.Outcome);
        Assert.Same(read.Value, again.Value);
    }

    [Fact]
    public async Task An_argument_that_only_the_projection_uses_separates_results_of_the_same_rows()
    {
        var query = CacheableQuery.Compile((BlogContext db, int author, string suffix) => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id)
            .Select(p => new { p.Id, Text = string.Join('-', new[] { p.Title, suffix }) }).Cacheable());
        await using var node = await Node.StartAsync(ConnectionString);
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal("Post 1.1-a", (await node.ReadAsync(db => query.ExecuteAsync(db, 1, "a").AsTask())).Value[0].Text);
            Assert.Equal("Post 1.1-b", (await node.ReadAsync(db => query.ExecuteAsync(db, 1, "b").AsTask())).Value[0].Text);
        }
    }

    [Fact]
    public async Task Single_values_are_shared_too()
    {
        var count = CacheableQuery.Compile((BlogContext db, int author) => db.Posts.Cacheable().Count(p => p.AuthorId == author));
        var unmarked = CacheableQuery.Compile((BlogContext db, int author) => db.Posts.Any(p => p.AuthorId == author));
        var first = CacheableQuery.Compile((BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Select(p => new PostCard(p.Id, p.Title)).FirstOrDefault());
        await using var node = await Node.StartAsync(ConnectionString);
        foreach (var expected in (CacheOutcome[])[CacheOutcome.Miss, CacheOutcome.L1Hit])
        {
            Assert.Equal((4, expected), await node.ReadAsync(db => count.ExecuteAsync(db, 1).AsTask()));
            Assert.Equal((true, expected), await node.ReadAsync(db => unmarked.ExecuteAsync(db, 1).AsTask()));
            Assert.Equal((null, expected), await node.ReadAsync(db => first.ExecuteAsync(db, -1).AsTask()));
        }

        await Seed.ExecuteAsync(ConnectionString, "DELETE FROM \"Posts\" WHERE \"AuthorId\" = 1");
        await Eventually.Until(async () => (await node.ReadAsync(db => Task.FromResult(count.Execute(db, 1)))).Value == 0, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task An_error_of_the_query_is_not_shared()
    {
        var single = CacheableQuery.Compile((BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Select(p => p.Title).Single());
        await using var node = await Node.StartAsync(ConnectionString);
        await Assert.ThrowsAsync<InvalidOperationException>(() => node.ReadAsync(db => single.ExecuteAsync(db, 999).AsTask()));
        await Seed.ExecuteAsync(ConnectionString, "INSERT INTO \"Posts\" (\"Id\", \"Title\", \"Views\", \"PublishedAt\", \"AuthorId\") VALUES (999, 'now', 0, now(), 1)");
        await Eventually.Until(
            async () =>
            {
                try
                {
                    return (await node.ReadAsync(db => single.ExecuteAsync(db, 999).AsTask())).Value == "now";
                }
                catch (InvalidOperationException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(10));
    }

    private static async Task<(List<string> Value, CacheOutcome Outcome)> Titles(Node node, int author)
    {
        var (value, outcome) = await node.ReadAsync(db => s_posts.ExecuteAsync(db, author).AsTask());
        return ([.. value.Select(p => p.Title)], outcome);
    }
}
