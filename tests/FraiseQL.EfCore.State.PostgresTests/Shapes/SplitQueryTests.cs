using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>A split query is several commands and one entry: never half of one state and half of another.</summary>
public sealed class SplitQueryTests : IAsyncLifetime
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);
    private string _connectionString = "";
    private Node _node = null!;

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(_connectionString);
        _node = await Node.StartAsync(_connectionString);
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    [Feature("U-02-transparency")]
    public async Task A_commit_between_root_and_children_is_never_served_from_the_cache_as_a_torn_result()
    {
        // The children move from author 1 to author 4 after the root was read: this one reader sees what plain EF would.
        var held = new Gate();
        _node.Commands.AfterExecute = command => IsRoot(command.CommandText) ? held.PassAsync() : Task.CompletedTask;
        var torn = Read(_node);
        await held.Arrived;
        _node.Commands.AfterExecute = null;
        await Seed.ExecuteAsync(_connectionString, "UPDATE \"Posts\" SET \"AuthorId\" = 4; UPDATE \"Authors\" SET \"Name\" = 'after'");
        held.Open();
        Assert.Equal(["Author 1 0", "Author 2 0", "Author 3 0", "Author 4 12"], (await torn).Value);

        // From here on nobody does, not even before the node has heard of the commit.
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(["after 0", "after 0", "after 0", "after 12"], (await Read(_node)).Value);
        }

        await Eventually.Until(async () => (await Read(_node)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
    }

    [Fact]
    [Feature("B-05-external")]
    public async Task A_change_of_any_of_its_tables_ends_it()
    {
        await HitAsync();
        await Seed.ExecuteAsync(_connectionString, "DELETE FROM \"Posts\" WHERE \"AuthorId\" = 1");
        await Eventually.Until(async () => (await Read(_node)).Value[0] == "Author 1 0", TimeSpan.FromSeconds(10));
        await HitAsync();
        await Seed.ExecuteAsync(_connectionString, "UPDATE \"Authors\" SET \"Name\" = 'new' WHERE \"Id\" = 1");
        await Eventually.Until(async () => (await Read(_node)).Value[0] == "new 0", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Own_writes_are_seen_at_once()
    {
        await HitAsync();
        await _node.WriteAsync(db => db.Posts.Where(p => p.AuthorId == 2).ExecuteDeleteAsync());
        Assert.Equal("Author 2 0", (await Read(_node)).Value[1]);
    }

    [Fact]
    public async Task An_enumeration_that_was_left_early_publishes_nothing()
    {
        await using (var db = _node.CreateContext())
        {
            await foreach (var _ in Query(db).AsAsyncEnumerable())
            {
                break;
            }
        }

        Assert.Equal(CacheOutcome.Miss, (await Read(_node)).Outcome);
        await HitAsync();
    }

    [Fact]
    public async Task Two_queries_with_the_same_root_share_it_and_each_finds_its_own_children()
    {
        static IQueryable<Post> Comments(BlogContext db) => db.Posts.Include(p => p.Comments).OrderBy(p => p.Id).AsNoTracking().AsSplitQuery().Cacheable(s_ttl);
        static IQueryable<Post> Tags(BlogContext db) => db.Posts.Include(p => p.Tags).OrderBy(p => p.Id).AsNoTracking().AsSplitQuery().Cacheable(s_ttl);
        static async Task<int> Count(IQueryable<Post> posts) => (await posts.ToListAsync()).Sum(p => p.Comments.Count + p.Tags.Count);
        var comments = await _node.ReadAsync(db => Count(Comments(db)));
        var tags = await _node.ReadAsync(db => Count(Tags(db)));
        Assert.Equal((12, 12), (comments.Value, tags.Value));

        // When another transaction of the server came between two commands, the node serves them from its next poll on.
        await Eventually.Until(
            async () => await _node.ReadAsync(db => Count(Comments(db))) == (12, CacheOutcome.L1Hit)
                && await _node.ReadAsync(db => Count(Tags(db))) == (12, CacheOutcome.L1Hit),
            TimeSpan.FromSeconds(10));
        var readers = _node.Commands.Readers;
        await _node.ReadAsync(db => Count(Comments(db)));
        await _node.ReadAsync(db => Count(Tags(db)));
        Assert.Equal(readers, _node.Commands.Readers);

        // The tags' change ends what it holds for both; the comments are right all the same.
        await Seed.ExecuteAsync(_connectionString, "DELETE FROM \"PostTag\"");
        await Eventually.Until(async () => (await _node.ReadAsync(db => Count(Tags(db)))).Value == 0, TimeSpan.FromSeconds(10));
        Assert.Equal(12, (await _node.ReadAsync(db => Count(Comments(db)))).Value);
    }

    [Fact]
    public async Task Two_enumerations_that_alternate_on_one_context_do_not_mix()
    {
        for (var i = 0; i < 3; i++)
        {
            await using var db = _node.CreateContext();
            using var authors = Query(db).AsEnumerable().GetEnumerator();
            using var posts = db.Posts.Include(p => p.Comments).OrderBy(p => p.Id).AsNoTracking().AsSplitQuery().Cacheable(s_ttl).AsEnumerable().GetEnumerator();
            var read = new List<int>();
            while (authors.MoveNext())
            {
                read.Add(authors.Current.Posts.Count);
                if (posts.MoveNext())
                {
                    read.Add(posts.Current.Comments.Count);
                }
            }

            Assert.Equal([4, 1, 4, 1, 4, 1, 0, 1], read);
        }
    }

    [Fact]
    public async Task The_same_compiled_enumerable_read_again_begins_anew()
    {
        var compiled = EF.CompileQuery((BlogContext db, int least) => db.Authors.Include(a => a.Posts).Where(a => a.Id >= least).OrderBy(a => a.Id).AsNoTracking().AsSplitQuery().Cacheable(s_ttl).AsQueryable());
        await using var db = _node.CreateContext();
        var twice = compiled(db, 2);
        Assert.Equal([4, 4, 0], twice.Select(a => a.Posts.Count));
        await _node.WriteAsync(other => other.Posts.Where(p => p.AuthorId == 2).ExecuteDeleteAsync());
        Assert.Equal([0, 4, 0], twice.Select(a => a.Posts.Count));
    }

    [Fact]
    [Feature("U-45-transactions")]
    public async Task Within_a_transaction_the_database_is_asked()
    {
        await HitAsync();
        await using var db = _node.CreateContext();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.Posts.ExecuteDeleteAsync();
        Assert.Equal("Author 1 0", Show(await Query(db).ToListAsync())[0]);
        Assert.Equal(CacheOutcome.Bypass, db.Database.GetCacheOutcome());
        await transaction.RollbackAsync();
        Assert.Equal("Author 1 4", (await Read(_node)).Value[0]);
    }

    [Fact]
    [Feature("U-33-size-admission")]
    public async Task More_rows_than_allowed_are_read_in_full_and_not_kept()
    {
        await using var node = await Node.StartAsync(_connectionString, configure: o => o.Cache.MaxRows = 10);
        for (var i = 0; i < 2; i++)
        {
            var commands = node.Commands.Readers;
            var (value, outcome) = await Read(node);
            Assert.Equal(["Author 1 4", "Author 2 4", "Author 3 4", "Author 4 0"], value);
            Assert.NotEqual(CacheOutcome.L1Hit, outcome);
            Assert.Equal(2, node.Commands.Readers - commands);
        }
    }

    [Fact]
    public async Task Children_that_are_added_to_an_entry_do_not_make_it_younger()
    {
        var time = new Policies.AdjustableTime();
        await using var node = await Node.StartAsync(_connectionString, time: time);
        Task<(int, CacheOutcome Outcome)> ReadTags() => node.ReadAsync(
            async db => (await db.Authors.Include(a => a.Posts).ThenInclude(p => p.Tags).OrderBy(a => a.Id).AsNoTracking().AsSplitQuery().Cacheable(s_ttl).ToListAsync()).Count);
        await Eventually.Until(async () => (await Read(node)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
        time.Shift += TimeSpan.FromMinutes(4);
        await Eventually.Until(async () => (await ReadTags()).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
        time.Shift += TimeSpan.FromMinutes(2);
        Assert.Equal(CacheOutcome.Miss, (await Read(node)).Outcome);
    }

    [Fact]
    public async Task Without_a_listener_it_is_cached_too_and_own_writes_end_it()
    {
        var options = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(_connectionString).UseFraiseQLState().Options;
        async Task<(List<string> Value, CacheOutcome Outcome)> ReadAlone()
        {
            await using var db = new BlogContext(options);
            var value = Show(await Query(db).ToListAsync());
            return (value, db.Database.GetCacheOutcome());
        }

        // Transactions of other tests on the server may come between two commands; then it is simply not kept.
        await Eventually.Until(async () => (await ReadAlone()).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
        await using (var db = new BlogContext(options))
        {
            await db.Posts.Where(p => p.AuthorId == 1).ExecuteDeleteAsync();
        }

        Assert.Equal("Author 1 0", (await ReadAlone()).Value[0]);
    }

    private static bool IsRoot(string sql) => sql.Contains("\"Authors\"", StringComparison.Ordinal) && !sql.Contains("\"Posts\"", StringComparison.Ordinal);

    private static IQueryable<Author> Query(BlogContext db) => db.Authors.Include(a => a.Posts).OrderBy(a => a.Id).AsNoTracking().AsSplitQuery().Cacheable(s_ttl);

    private static List<string> Show(List<Author> authors) => [.. authors.Select(a => $"{a.Name} {a.Posts.Count}")];

    private static Task<(List<string> Value, CacheOutcome Outcome)> Read(Node node) => node.ReadAsync(async db => Show(await Query(db).ToListAsync()));

    private Task HitAsync() => Eventually.Until(async () => (await Read(_node)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(10));
}
