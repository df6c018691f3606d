using Npgsql;

namespace BlogApp.Tests;

/// <summary>A database with a few posts and one node on it, shared by the tests of a class.</summary>
public sealed class BlogWorld : IAsyncLifetime
{
    public string ConnectionString { get; private set; } = "";

    public BlogNode Node { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        ConnectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await SeedAsync(ConnectionString);
        Node = await BlogNode.StartAsync(ConnectionString);
    }

    public async Task DisposeAsync() => await Node.DisposeAsync();

    /// <summary>Imports thirty posts: the odd ones by Ann, the even ones by Bob.</summary>
    public static async Task SeedAsync(string connectionString)
    {
        var lines = Enumerable.Range(1, 30).Select(i =>
            $$"""
            {"slug":"post-{{i}}","channel":"main","title":"Post {{i}}","publishedOn":"2026-01-{{i:00}}","authors":["{{(i % 2 == 0 ? "Bob" : "Ann")}}"],"tags":["{{(i <= 5 ? "early" : "late")}}"],"body":"Text of **{{i}}**"}
            """);
        var run = await CommandLine.ImportAsync(connectionString, string.Join('\n', lines));
        Assert.Equal(0, run.ExitCode);
    }

    /// <summary>Runs SQL as any other program would.</summary>
    public async Task<object?> SqlAsync(string sql) => await SqlAsync(ConnectionString, sql);

    public static async Task<object?> SqlAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    public async Task<int> IdAsync(string slug) => (int)(await SqlAsync($"SELECT id FROM posts WHERE slug = '{slug}'"))!;
}
