using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Consistency;

/// <summary>Node A writes and hands a token over; node B looks at the log once a minute, unless somebody makes it.</summary>
[Feature("B-10-causal-cache")]
public sealed class TokenTests : BlogDatabaseTests
{
    [Fact]
    public async Task With_the_writers_token_a_node_that_lags_never_answers_with_older_rows_and_without_it_it_does()
    {
        await using var a = await Node.StartAsync(ConnectionString);
        await using var b = await StartLaggingAsync();
        var lagged = 0;
        for (var i = 0; i < 20; i++)
        {
            var before = (await Title(b)).Value;
            var token = await WriteAsync(a, $"v{i}");

            // Its own next look may come at any time.
            lagged += await Title(b) == (before, CacheOutcome.L1Hit) ? 1 : 0;
            Assert.Equal($"v{i}", (await Title(b, token)).Value);

            // The node has caught up, so everybody is served the new rows.
            Assert.Equal($"v{i}", (await Title(b)).Value);
        }

        Assert.True(lagged > 0, "the node never lagged");
    }

    [Fact]
    [Feature("S4.2-before-replication")]
    public async Task A_node_whose_listener_stands_still_waits_for_its_bound_and_then_reads_the_database()
    {
        var gate = new HeldListener();
        await using var a = await Node.StartAsync(ConnectionString);
        await using var b = await StartLaggingAsync(o => o.Consistency.MaxWait = TimeSpan.FromMilliseconds(20), gate);
        await Title(b);
        gate.Hold();
        try
        {
            var token = await WriteAsync(a, "new");
            Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await Title(b));
            Assert.Equal(("new", CacheOutcome.Miss), await Title(b, token));

            // What was read then is at the token by its own snapshot, whatever the node has heard.
            Assert.Equal(("new", CacheOutcome.L1Hit), await Title(b, token));
            var later = await WriteAsync(a, "newer");
            Assert.Equal("new", (await Title(b, token)).Value);
            Assert.Equal("newer", (await Title(b, later)).Value);
            Assert.Equal("newer", (await Title(b, later.Merge(token))).Value);
            Assert.Equal("newer", (await Title(b, token.Merge(later))).Value);
        }
        finally
        {
            gate.Release();
        }
    }

    [Fact]
    public async Task It_holds_for_split_compiled_and_synchronous_queries_and_for_a_whole_request()
    {
        var compiled = CacheableQuery.Compile((BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Select(p => p.Title).Cacheable().Single());
        await using var a = await Node.StartAsync(ConnectionString);
        await using var b = await StartLaggingAsync();
        async Task<string[]> AllAsync(ConsistencyToken? token)
        {
            using var scope = ConsistencyScope.Begin(token);
            await using var db = b.CreateContext();
            var split = await db.Authors.Where(x => x.Id == 1).Include(x => x.Posts).AsSplitQuery().AsNoTracking().Cacheable().SingleAsync();
            return
            [
                await compiled.ExecuteAsync(db, 1),
                compiled.Execute(db, 1),
                db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().Single(),
                split.Posts.Single(p => p.Id == 1).Title,
                (await Title(b)).Value,
            ];
        }

        await AllAsync(null);
        var lagged = 0;
        for (var i = 0; i < 5; i++)
        {
            var before = i == 0 ? "Post 1.1" : $"v{i - 1}";
            Assert.All(await AllAsync(null), title => Assert.Equal(before, title));
            var token = await WriteAsync(a, $"v{i}");

            // Without it a node that lags answers what it knows, and may at any time come to know more.
            lagged += (await AllAsync(null)).Count(title => title == before);
            Assert.All(await AllAsync(token), title => Assert.Equal($"v{i}", title));
        }

        Assert.True(lagged > 0, "the node never lagged");

        Assert.Null(ConsistencyScope.Current);
    }

    [Fact]
    [Feature("S3.1-causal-federation")]
    public async Task A_token_of_several_databases_crosses_services_as_text_and_each_takes_what_is_its_own()
    {
        var other = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(other);
        await using var posts = await Node.StartAsync(ConnectionString);
        await using var comments = await Node.StartAsync(other);
        await using var reader = await StartLaggingAsync();
        await using var stranger = await StartLaggingAsync(connectionString: other);
        await Title(reader);
        await Title(stranger);

        var text = (await WriteAsync(posts, "new")).Merge(await WriteAsync(comments, "new there")).ToString();
        Assert.Matches("^[A-Za-z0-9.-]+$", text);
        var token = ConsistencyToken.Parse(text);
        Assert.Equal(text, token.ToString());
        Assert.Equal("new", (await Title(reader, token)).Value);
        Assert.Equal("new there", (await Title(stranger, token)).Value);

        // A token of the other database alone asks for nothing here.
        var foreign = await WriteAsync(comments, "newer there");
        await Seed.ExecuteAsync(ConnectionString, "update \"Posts\" set \"Title\" = 'later' where \"Id\" = 1");
        Assert.Equal(("new", CacheOutcome.L1Hit), await Title(reader, foreign));
    }

    [Fact]
    public async Task A_token_of_a_log_that_this_database_no_longer_has_makes_reads_strict()
    {
        await using var b = await StartLaggingAsync();
        await using var db = b.CreateContext();
        var text = (await db.Database.GetConsistencyTokenAsync()).ToString();
        var log = text.Split('-')[1];
        var restored = ConsistencyToken.Parse(text.Replace(log, "0123456789abcdef", StringComparison.Ordinal));
        await Title(b);
        await Seed.ExecuteAsync(ConnectionString, "update \"Posts\" set \"Title\" = 'after the restore' where \"Id\" = 1");
        Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await Title(b));
        Assert.Equal("after the restore", (await Title(b, restored)).Value);
    }

    [Fact]
    public async Task Without_a_listener_who_has_a_token_reads_the_database()
    {
        await using var b = await Node.StartAsync(ConnectionString, configure: o => o.Cdc.Enabled = false, wait: false);
        await using var a = await Node.StartAsync(ConnectionString);
        await Title(b);
        var token = await WriteAsync(a, "new");
        Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await Title(b));
        Assert.Equal("new", (await Title(b, token)).Value);
    }

    [Fact]
    public async Task A_pooled_context_forgets_what_the_one_before_it_required_and_a_token_inside_a_transaction_is_refused()
    {
        await using var b = await StartLaggingAsync();
        await using var services = new ServiceCollection()
            .AddDbContextPool<BlogContext>(o => o.UseNpgsql(ConnectionString).UseFraiseQLState(), poolSize: 1).BuildServiceProvider();
        ConsistencyToken token;
        await using (var scope = services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<BlogContext>();
            await using var transaction = await db.Database.BeginTransactionAsync();
            Assert.Contains("commit it first", (await Assert.ThrowsAsync<InvalidOperationException>(() => db.Database.GetConsistencyTokenAsync())).Message, StringComparison.Ordinal);
            await transaction.RollbackAsync();
            token = await db.Database.GetConsistencyTokenAsync();
            await db.Posts.Cacheable().CountAsync();
            db.Database.RequireConsistency(token);
            await db.Posts.Cacheable().CountAsync();
            Assert.NotEqual(CacheOutcome.L1Hit, db.Database.GetCacheOutcome());
        }

        await using (var scope = services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<BlogContext>();
            await db.Posts.Cacheable().CountAsync();
            Assert.Equal(CacheOutcome.L1Hit, db.Database.GetCacheOutcome());
        }
    }

    private static async Task<ConsistencyToken> WriteAsync(Node node, string title)
    {
        await using var db = node.CreateContext();
        (await db.Posts.SingleAsync(p => p.Id == 1)).Title = title;
        await db.SaveChangesAsync();
        return ConsistencyToken.Parse((await db.Database.GetConsistencyTokenAsync()).ToString());
    }

    private static Task<(string Value, CacheOutcome Outcome)> Title(Node node, ConsistencyToken? token = null) => node.ReadAsync(db =>
    {
        if (token is not null)
        {
            db.Database.RequireConsistency(token);
        }

        return db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable(TimeSpan.FromHours(1)).SingleAsync();
    });

    private Task<Node> StartLaggingAsync(Action<FraiseQLStateOptions>? configure = null, IBroadcastConsumer? consumer = null, string? connectionString = null)
        => Node.StartAsync(
            connectionString ?? ConnectionString,
            configure: o =>
            {
                o.Cdc.Transport = CdcTransport.Poll;
                o.Cdc.PollInterval = TimeSpan.FromMinutes(1);
                o.Cdc.IdlePollInterval = TimeSpan.FromMinutes(5);
                o.Consistency.MaxSilence = TimeSpan.FromMinutes(10);
                o.Consistency.MaxWait = TimeSpan.FromSeconds(20);
                configure?.Invoke(o);
            },
            state: s => _ = consumer is null ? s.Services : s.Services.AddKeyedSingleton<IBroadcastConsumer>(typeof(BlogContext), (_, _) => consumer));

    /// <summary>Keeps the listener from looking at the log.</summary>
    private sealed class HeldListener : IBroadcastConsumer
    {
        private volatile TaskCompletionSource? _held;

        public void Hold() => _held = new TaskCompletionSource();

        public void Release()
        {
            var held = _held;
            _held = null;
            held?.SetResult();
        }

        public void CoverageStarted(PgSnapshot from)
        {
        }

        public long PollStarting()
        {
            _held?.Task.Wait(TimeSpan.FromSeconds(30));
            return 0;
        }

        public void Changed(IReadOnlyList<ChangeRecord> changes)
        {
        }

        public void CaughtUp(long poll, PgSnapshot position)
        {
        }

        public void CaptureVerified(IReadOnlySet<string> relations)
        {
        }
    }
}
