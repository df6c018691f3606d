using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Policies;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Cluster;

/// <summary>A time to live bounds what cannot be proven; what the log proves is served on.</summary>
[Feature("B-09-extend")]
public sealed class RenewalTests : BlogDatabaseWithRedisTests
{
    private readonly AdjustableTime _time = new();

    [Fact]
    public async Task An_entry_past_its_time_is_served_on_without_a_query_until_a_change_or_the_maximum_ends_it()
    {
        await using var node = await StartAsync();
        await PostsAsync(node, 1);
        await PostsAsync(node, 2);
        var readers = node.Commands.Readers;
        _time.Shift += TimeSpan.FromMinutes(30);
        Assert.Equal(CacheOutcome.L1Hit, (await PostsAsync(node, 1)).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await PostsAsync(node, 2)).Outcome);
        Assert.Equal(readers, node.Commands.Readers);

        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = 'changed' WHERE \"AuthorId\" = 1");
        await Eventually.Until(async () => (await PostsAsync(node, 1)).Value.All(t => t == "changed"));
        Assert.Equal(CacheOutcome.L1Hit, (await PostsAsync(node, 2)).Outcome);

        _time.Shift += TimeSpan.FromMinutes(31);
        Assert.Equal(CacheOutcome.Miss, (await PostsAsync(node, 2)).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await PostsAsync(node, 1)).Outcome);
    }

    [Fact]
    public async Task The_shared_level_keeps_it_too_and_another_node_serves_it_after_its_time()
    {
        await using var b = await StartAsync(Redis.ConnectionString);
        await using var a = await StartAsync(Redis.ConnectionString);
        var runtime = Microsoft.Extensions.DependencyInjection.ServiceProviderKeyedServiceExtensions.GetRequiredKeyedService<Setup.StateRuntime>(a.Services, typeof(BlogContext));

        // Other tests' transactions may be among a snapshot, which the other node then cannot prove; so it is read anew until it can.
        var author = 100;
        await Eventually.Until(async () =>
        {
            await PostsAsync(a, ++author);
            await Eventually.Until(() => runtime.Store.PendingWrites == 0);
            _time.Shift += TimeSpan.FromMinutes(5);
            var readers = b.Commands.Readers;
            return (await PostsAsync(b, author)).Outcome == CacheOutcome.L2Hit && readers == b.Commands.Readers;
        });
    }

    [Fact]
    public async Task What_the_log_cannot_prove_ends_with_its_time_and_explain_says_so()
    {
        await using var node = await StartAsync(configure: o => o.Cache.WhileProven = TimeSpan.FromHours(1));
        Task<(int, CacheOutcome Outcome)> Declared() => node.ReadAsync(db => db.Database
            .SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM \"Posts\"").Cacheable(o => o.Ttl(TimeSpan.FromMinutes(1)).DependsOn<Post>()).SingleAsync());
        Task<(int, CacheOutcome Outcome)> Ignoring() => node.ReadAsync(db => db.Posts.Cacheable(o => o.Ttl(TimeSpan.FromMinutes(1)).UntilExpired()).CountAsync());
        Task<(int, CacheOutcome Outcome)> Proven() => node.ReadAsync(db => db.Posts.Cacheable(TimeSpan.FromMinutes(1)).CountAsync());
        await Declared();
        await Ignoring();
        await Proven();
        _time.Shift += TimeSpan.FromMinutes(2);
        Assert.Equal(CacheOutcome.Miss, (await Declared()).Outcome);
        Assert.Equal(CacheOutcome.Miss, (await Ignoring()).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await Proven()).Outcome);

        await using var db = node.CreateContext();
        Assert.Contains("while proven: at most 01:00:00 (renewed from the log)", db.Posts.Cacheable(TimeSpan.FromMinutes(1)).ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains(
            "while proven: at most 01:00:00 (not renewed: the log cannot prove it)", db.Posts.Cacheable(o => o.UntilExpired()).ToCacheExplainString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_listener_the_time_to_live_ends_it()
    {
        await using var node = await StartAsync(configure: o => o.Cdc.Enabled = false);
        await PostsAsync(node, 1);
        Assert.Equal(CacheOutcome.L1Hit, (await PostsAsync(node, 1)).Outcome);
        await using var db = node.CreateContext();
        Assert.Contains("(not renewed: no listener)", Query(db, 1).ToCacheExplainString(), StringComparison.Ordinal);
        _time.Shift += TimeSpan.FromMinutes(2);
        Assert.Equal(CacheOutcome.Miss, (await PostsAsync(node, 1)).Outcome);
    }

    [Fact]
    public async Task A_profile_says_it_for_its_queries()
    {
        await using var node = await StartAsync(configure: o => o.Cache.Profiles["kept"] = new() { Ttl = TimeSpan.FromSeconds(5), WhileProven = TimeSpan.FromMinutes(10) });
        Task<(int, CacheOutcome Outcome)> Read() => node.ReadAsync(db => db.Posts.Cacheable("kept").CountAsync());
        await Read();
        _time.Shift += TimeSpan.FromMinutes(9);
        Assert.Equal(CacheOutcome.L1Hit, (await Read()).Outcome);
        _time.Shift += TimeSpan.FromMinutes(2);
        Assert.Equal(CacheOutcome.Miss, (await Read()).Outcome);
    }

    private Task<Node> StartAsync(string? redis = null, Action<FraiseQLStateOptions>? configure = null)
        => Node.StartAsync(
            ConnectionString,
            redis,
            o =>
            {
                o.Cache.L2.Timeout = TimeSpan.FromSeconds(5);
                configure?.Invoke(o);
            },
            time: _time);

    private static IQueryable<string> Query(BlogContext db, int author)
        => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title)
            .Cacheable(o => o.Ttl(TimeSpan.FromMinutes(1)).WhileProven(TimeSpan.FromHours(1)));

    private static Task<(List<string> Value, CacheOutcome Outcome)> PostsAsync(Node node, int author) => node.ReadAsync(db => Query(db, author).ToListAsync());
}
