using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PackageTests.Testing;

[Feature("S9.1-do-test-failures")]
public sealed class CacheProbeTests
{
    [Fact]
    public async Task It_counts_hits_misses_and_bypasses_of_its_own_application_and_of_no_other()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database);
        await using var other = await Node.StartAsync(database);
        using var probe = CacheProbe.Start<BlogContext>(node.Services);
        Assert.Equal(CacheOutcome.None, probe.LastResult);

        Task<int> Count(BlogContext db) => db.Posts.Cacheable(o => o.Named("CountPosts")).CountAsync();
        await node.ReadAsync(Count);
        Assert.Equal(CacheOutcome.Miss, probe.LastResult);
        await node.ReadAsync(Count);
        await other.ReadAsync(Count);
        Assert.Equal((1, 1, 0), (probe.Hits, probe.Misses, probe.Bypasses));
        Assert.Equal([CacheOutcome.Miss, CacheOutcome.L1Hit], probe.Of("CountPosts"));

        await node.ReadAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            return await Count(db);
        });
        Assert.Equal(new CacheLookup("CountPosts", CacheOutcome.Bypass, "transaction"), probe.Lookups[^1]);

        probe.Reset();
        Assert.Empty(probe.Lookups);
        probe.Dispose();
        await node.ReadAsync(Count);
        Assert.Empty(probe.Lookups);
    }

    [Fact]
    public async Task It_is_started_from_a_context_too_and_counts_the_other_contexts_of_its_application()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database);
        await using var db = node.CreateContext();
        using var probe = CacheProbe.Start(db);
        using var second = CacheProbe.Start(db);
        await node.ReadAsync(c => c.Authors.Cacheable().ToListAsync());
        await db.Authors.Cacheable().ToListAsync();
        Assert.Equal((1, 1), (probe.Hits, probe.Misses));
        Assert.Equal((1, 1), (second.Hits, second.Misses));
    }

    [Fact]
    public void Without_the_library_it_says_which_call_is_missing()
    {
        using var services = new ServiceCollection().BuildServiceProvider();
        Assert.Contains("AddFraiseQLState<BlogContext>()", Assert.Throws<InvalidOperationException>(() => CacheProbe.Start<BlogContext>(services)).Message, StringComparison.Ordinal);
        using var plain = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql("Host=nowhere").Options);
        Assert.Contains("UseFraiseQLState()", Assert.Throws<InvalidOperationException>(() => CacheProbe.Start(plain)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_node_has_caught_up_what_another_program_wrote_is_read()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database);
        using var probe = CacheProbe.Start<BlogContext>(node.Services);
        Task<string> Title(BlogContext db) => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable().SingleAsync();
        await node.ReadAsync(Title);
        await Seed.ExecuteAsync(database, "UPDATE \"Posts\" SET \"Title\" = 'Changed' WHERE \"Id\" = 1");
        await node.Services.WaitUntilCaughtUpAsync<BlogContext>();
        Assert.Equal(("Changed", CacheOutcome.Miss), await node.ReadAsync(Title));
        Assert.Equal(CacheOutcome.Miss, probe.LastResult);
    }

    [Fact]
    public async Task A_change_of_another_program_is_recorded_whether_it_is_awaited_before_or_after()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await Node.StartAsync(database);
        await using var changes = await RecordedChanges.StartAsync<BlogContext, Post>(node.Services);
        var later = changes.WaitForAsync(c => c.EntityId == "post-2");
        await Seed.ExecuteAsync(database, "UPDATE \"Posts\" SET \"Views\" = 99 WHERE \"Id\" IN (1, 2)");
        Assert.Equal(ChangeKind.Updated, (await later).Kind);
        Assert.Equal(99, (await changes.WaitForAsync(c => c.EntityId == "post-1")).Entity!.Views);
        Assert.Equal(2, changes.Changes.Count);
        var missing = await Assert.ThrowsAsync<TimeoutException>(() => changes.WaitForAsync(c => c.Kind == ChangeKind.Deleted, TimeSpan.FromMilliseconds(1)));
        Assert.Contains("2 were recorded", missing.Message, StringComparison.Ordinal);
    }
}
