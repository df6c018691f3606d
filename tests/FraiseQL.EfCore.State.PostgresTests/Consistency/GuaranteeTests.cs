using System.Collections.Concurrent;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Policies;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Consistency;

/// <summary>Guarantees of docs/consistency.md that have no test elsewhere.</summary>
public sealed class GuaranteeTests : BlogDatabaseTests
{
    [Fact]
    [Feature("S3.1-cp")]
    public async Task While_the_primary_is_lost_a_write_fails_and_nothing_pretends_that_it_was_made()
    {
        var target = new NpgsqlConnectionStringBuilder(ConnectionString);
        await using var proxy = FaultyProxy.Start(target.Host!, target.Port);
        var through = new NpgsqlConnectionStringBuilder(ConnectionString) { Host = "127.0.0.1", Port = proxy.Port, Pooling = false }.ConnectionString;
        await using var node = await Node.StartAsync(through);
        Task<(string Value, CacheOutcome)> Title() => node.ReadAsync(db => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().SingleAsync());
        await Title();
        await using var db = node.CreateContext();
        (await db.Posts.SingleAsync(p => p.Id == 1)).Title = "never written";
        proxy.Cut();
        await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync());
        try
        {
            // Whether it is answered from memory or not at all, it is not with what was not written.
            Assert.Equal("Post 1.1", (await Title()).Value);
        }
        catch (InvalidOperationException)
        {
        }

        proxy.Restore();
        await Eventually.Until(async () => (await Title()).Value == "Post 1.1");
        await using var direct = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(ConnectionString).Options);
        Assert.Equal("Post 1.1", await direct.Posts.Where(p => p.Id == 1).Select(p => p.Title).SingleAsync());
    }

    [Fact]
    [Feature("S3.1-same-db")]
    public async Task Without_replicas_and_cache_every_read_is_the_primarys()
    {
        await using var a = await Node.StartAsync(ConnectionString, configure: o => o.Cache.Enabled = false, wait: false);
        await using var b = await Node.StartAsync(ConnectionString, wait: false);
        for (var i = 0; i < 20; i++)
        {
            await a.WriteAsync(async db =>
            {
                (await db.Posts.SingleAsync(p => p.Id == 1)).Title = $"v{i}";
                await db.SaveChangesAsync();
            });
            Assert.Equal(($"v{i}", CacheOutcome.Bypass), await a.ReadAsync(db => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().SingleAsync()));
            Assert.Equal($"v{i}", (await b.ReadAsync(db => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).NotCacheable().SingleAsync())).Value);
        }
    }

    [Fact]
    [Feature("S3.3-wait-ttl")]
    public async Task Where_no_change_is_heard_of_an_answer_is_never_older_than_its_time_to_live()
    {
        var time = new AdjustableTime();
        await using var node = await Node.StartAsync(ConnectionString, configure: o => o.Cdc.Enabled = false, time: time, wait: false);
        Task<(string Value, CacheOutcome)> Title() => node.ReadAsync(
            db => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable(TimeSpan.FromMinutes(10)).SingleAsync());
        await Title();
        await Seed.ExecuteAsync(ConnectionString, "update \"Posts\" set \"Title\" = 'new' where \"Id\" = 1");
        time.Shift = TimeSpan.FromMinutes(9);
        Assert.Equal(("Post 1.1", CacheOutcome.L1Hit), await Title());
        time.Shift = TimeSpan.FromMinutes(10);
        Assert.Equal(("new", CacheOutcome.Miss), await Title());
    }

    [Fact]
    [Feature("S4.2-in-order")]
    public async Task Writes_that_depend_on_each_other_are_told_to_one_consumer_in_their_order_whoever_made_them()
    {
        const int Rounds = 20;
        var told = new ConcurrentQueue<string>();
        await using var a = await Node.StartAsync(ConnectionString, state: s => s
            .OnEvent<Post>(ChangeKind.Created, (change, _, _) => Record(change.Entity!.Title))
            .OnEvent<Comment>(ChangeKind.Created, (change, _, _) => Record(change.Entity!.Text))
            .ConfigureHandlers(null, o => o.Lanes = 1));
        await using var b = await Node.StartAsync(ConnectionString);
        await Eventually.Until(() => a.Logs.GetSnapshot().Any(r => r.Id.Id == FraiseQLStateEventId.HandlersTaken));
        for (var i = 0; i < Rounds; i++)
        {
            var post = new Post { Title = $"post {i}", AuthorId = 1 };
            await a.WriteAsync(db => AddAsync(db, post));
            await b.WriteAsync(db => AddAsync(db, new Comment { PostId = post.Id, Text = $"comment {i}" }));
        }

        await Eventually.Until(() => told.Count == 2 * Rounds);
        Assert.Equal(Enumerable.Range(0, Rounds).SelectMany(i => (string[])[$"post {i}", $"comment {i}"]), told);

        Task Record(string text)
        {
            told.Enqueue(text);
            return Task.CompletedTask;
        }

        static async Task AddAsync(BlogContext db, object entity)
        {
            db.Add(entity);
            await db.SaveChangesAsync();
        }
    }
}
