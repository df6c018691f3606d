using System.Transactions;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>What caches in front of EF have got wrong before.</summary>
public sealed class KnownFailureTests : BlogDatabaseTests
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Feature("U-45-transactions")]
    [Feature("S9.1-dont-correctness")]
    public async Task A_transaction_scope_reads_its_own_writes_and_publishes_them_only_if_it_completes(bool completes)
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var before = (await Titles(node, 1)).Value;
        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await node.WriteAsync(async db =>
            {
                await db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "in the scope"));
                Assert.All(await Query(db, 1).ToListAsync(), t => Assert.Equal("in the scope", t));
                Assert.Equal(CacheOutcome.Bypass, db.Database.GetCacheOutcome());
            });
            if (completes)
            {
                scope.Complete();
            }
        }

        var after = await Titles(node, 1);
        Assert.Equal(completes ? ["in the scope", "in the scope", "in the scope", "in the scope"] : before, after.Value);
        Assert.Equal(completes ? CacheOutcome.Miss : CacheOutcome.L1Hit, after.Outcome);
    }

    [Fact]
    [Feature("B-01-no-connection")]
    public async Task Hits_are_served_while_the_pool_is_exhausted()
    {
        var small = new NpgsqlConnectionStringBuilder(ConnectionString) { MaxPoolSize = 2, Timeout = 1 }.ConnectionString;
        await using var node = await Node.StartAsync(small);
        var before = (await Titles(node, 1)).Value;
        await using var one = new NpgsqlConnection(small);
        await using var two = new NpgsqlConnection(small);
        await one.OpenAsync();
        await two.OpenAsync();
        var hits = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Titles(node, 1)));
        Assert.All(hits, hit => Assert.Equal((before.Count, CacheOutcome.L1Hit), (hit.Value.Count, hit.Outcome)));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Titles(node, 2));
        Assert.Contains("pool", error.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    [Feature("S1.4-after-write")]
    public async Task A_token_that_is_cancelled_right_after_the_write_does_not_keep_the_old_rows()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await Titles(node, 1);
        using var cancel = new CancellationTokenSource();
        await node.WriteAsync(async db =>
        {
            (await db.Posts.OrderBy(p => p.Id).FirstAsync(p => p.AuthorId == 1)).Title = "written";
            db.SavedChanges += (_, _) => cancel.Cancel();
            await db.SaveChangesAsync(cancel.Token);
        });
        Assert.Contains("written", (await Titles(node, 1)).Value);
    }

    [Fact]
    [Feature("U-32-errors")]
    public async Task An_error_is_not_cached()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        static Task<int> Divide(BlogContext db) => db.Posts.Where(p => p.AuthorId == 1).OrderBy(p => p.Id).Select(p => 10 / (p.Views - 11)).Cacheable(s_ttl).FirstAsync();
        await Assert.ThrowsAsync<PostgresException>(() => node.ReadAsync(Divide));
        await Assert.ThrowsAsync<PostgresException>(() => node.ReadAsync(Divide));
        await node.WriteAsync(db => db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, 12)));
        Assert.Equal((10, CacheOutcome.Miss), await node.ReadAsync(Divide));
    }

    [Fact]
    [Feature("U-30-single-flight")]
    public async Task A_reader_that_starts_after_a_commit_never_gets_the_rows_of_an_older_flight()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        var held = new Gate();
        node.Commands.AfterExecute = command => command.CommandText.Contains("\"Posts\"", StringComparison.Ordinal) ? held.PassAsync() : Task.CompletedTask;
        var old = Titles(node, 1);
        await held.Arrived;
        node.Commands.AfterExecute = null;
        await node.WriteAsync(db => db.Posts.Where(p => p.AuthorId == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Title, "newer")));

        // They join the flight, which is older than the commit.
        var joined = Enumerable.Range(0, 8).Select(_ => Titles(node, 1)).ToArray();
        held.Open();
        await old;
        Assert.All(await Task.WhenAll(joined), read => Assert.All(read.Value, t => Assert.Equal("newer", t)));
    }

    [Fact]
    [Feature("U-33-size-admission")]
    public async Task A_result_beyond_the_bytes_is_read_in_full_and_not_kept()
    {
        await WriteLongTitlesAsync();
        await using var node = await Node.StartAsync(ConnectionString, configure: o => o.Cache.MaxEntryBytes = 4096);
        for (var i = 0; i < 2; i++)
        {
            var (titles, outcome) = await Titles(node, 1);
            Assert.Equal((4, CacheOutcome.Bypass), (titles.Count, outcome));
            Assert.All(titles, t => Assert.Equal(3000, t.Length));
        }

        Assert.Equal(CacheOutcome.Miss, (await Titles(node, 2)).Outcome);
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(node, 2)).Outcome);

        Task WriteLongTitlesAsync() => Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = repeat('x', 3000) WHERE \"AuthorId\" = 1");
    }

    [Fact]
    [Feature("U-28-rls-key")]
    public async Task Without_a_listener_too_row_level_security_is_seen_and_nothing_is_shared()
    {
        await Seed.ExecuteAsync(ConnectionString, "ALTER TABLE \"Documents\" ENABLE ROW LEVEL SECURITY");
        var options = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(ConnectionString).UseFraiseQLState().Options;
        for (var i = 0; i < 2; i++)
        {
            await using var db = new BlogContext(options);
            await db.Documents.Cacheable(s_ttl).CountAsync();
            Assert.Equal(CacheOutcome.Bypass, db.Database.GetCacheOutcome());
        }
    }

    private static IQueryable<string> Query(BlogContext db, int author)
        => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title).Cacheable(s_ttl);

    private static Task<(List<string> Value, CacheOutcome Outcome)> Titles(Node node, int author) => node.ReadAsync(db => Query(db, author).ToListAsync());
}
