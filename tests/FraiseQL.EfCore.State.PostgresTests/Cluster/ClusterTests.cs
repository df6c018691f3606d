using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Cluster;

/// <summary>
/// Nodes that share a Redis, on a PostgreSQL of the test's own: transaction ids belong to the whole server, and those of other tests would be
/// among the snapshots of this one.
/// </summary>
public abstract class ClusterTests : IAsyncLifetime
{
    protected static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    private protected PostgresServer Postgres { get; private set; } = null!;

    private protected RedisServer Redis { get; private set; } = null!;

    protected string ConnectionString { get; private set; } = "";

    public virtual async Task InitializeAsync()
    {
        Postgres = await PostgresServer.StartPrivateAsync();
        Redis = await RedisServer.StartPrivateAsync();
        ConnectionString = await Postgres.CreateDatabaseAsync();
        await Seed.CreateAsync(ConnectionString);
    }

    public virtual async Task DisposeAsync()
    {
        await Redis.DisposeAsync();
        await Postgres.DisposeAsync();
    }

    // A loaded test machine must not look like a failing Redis.
    private protected Task<Node> StartAsync(Action<FraiseQLStateOptions>? configure = null, string? connectionString = null, bool wait = true)
        => Node.StartAsync(
            connectionString ?? ConnectionString,
            Redis.ConnectionString,
            o =>
            {
                o.Cache.L2.Timeout = TimeSpan.FromSeconds(5);
                configure?.Invoke(o);
            },
            wait: wait);

    private protected static Task<(List<string> Value, CacheOutcome Outcome)> TitlesAsync(Node node, int author)
        => node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title).Cacheable(Ttl).ToListAsync());

    /// <summary>Reads the authors' lists and waits until they are on the shared server.</summary>
    private protected static async Task FillAsync(Node node, params int[] authors)
    {
        foreach (var author in authors)
        {
            await TitlesAsync(node, author);
        }

        await SentAsync(node);
    }

    private protected static Task SentAsync(Node node)
        => Eventually.Until(() => RuntimeOf(node).Store.PendingWrites == 0);

    private protected static StateRuntime RuntimeOf(Node node) => node.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext));

    /// <summary>Asserts that a node serves an author's list from the shared server, without a query.</summary>
    private protected static async Task AssertSharedAsync(Node node, int author)
    {
        var readers = node.Commands.Readers;
        Assert.Equal(CacheOutcome.L2Hit, (await TitlesAsync(node, author)).Outcome);
        Assert.Equal(readers, node.Commands.Readers);
    }

    /// <summary>Asserts that a node reads the database for an author's list, and so has what is there.</summary>
    private protected async Task AssertReadAsync(Node node, int author)
    {
        var read = await TitlesAsync(node, author);
        Assert.Equal(CacheOutcome.Miss, read.Outcome);
        Assert.Equal(await DirectAsync(author), read.Value);
    }

    private protected async Task<List<string>> DirectAsync(int author)
    {
        await using var db = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(ConnectionString).Options);
        return await db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title).ToListAsync();
    }

    private protected Task ChangeAsync(int author, string title)
        => Seed.ExecuteAsync(ConnectionString, $"UPDATE \"Posts\" SET \"Title\" = '{title}' WHERE \"AuthorId\" = {author}");

    private protected async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private protected static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
