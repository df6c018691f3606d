using Npgsql;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.PostgresTests.TestKit;

public sealed class ServerTests
{
    [Fact]
    public async Task A_database_is_a_copy_of_its_template_and_independent_of_it()
    {
        var server = await PostgresServer.SharedAsync();
        var template = await server.CreateDatabaseAsync();
        await server.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)", template);

        var copy = await server.CreateDatabaseAsync(template);
        await server.ExecuteAsync("INSERT INTO t VALUES (2)", copy);

        Assert.Equal(1L, await ScalarAsync(template, "SELECT count(*) FROM t"));
        Assert.Equal(2L, await ScalarAsync(copy, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_private_PostgreSQL_keeps_its_rows_and_its_address_when_it_is_stopped_or_crashes()
    {
        await using var server = await PostgresServer.StartPrivateAsync(new PostgresServerOptions { Durable = true });
        var database = await server.CreateDatabaseAsync();
        await server.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)", database);

        await server.StopAsync();
        NpgsqlConnection.ClearPool(new NpgsqlConnection(database));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ScalarAsync(database, "SELECT 1"));
        await server.StartAsync();
        await server.ExecuteAsync("INSERT INTO t VALUES (2)", database);
        await server.StopAsync(crash: true);
        await server.StartAsync();
        NpgsqlConnection.ClearPool(new NpgsqlConnection(database));

        Assert.Equal(2L, await ScalarAsync(database, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_private_Redis_comes_back_empty_at_its_address()
    {
        await using var server = await RedisServer.StartPrivateAsync();
        await using (var connection = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString))
        {
            await connection.GetDatabase().StringSetAsync("k", "v");
            Assert.Equal("v", await connection.GetDatabase().StringGetAsync("k"));
            await server.FlushAsync();
            Assert.True((await connection.GetDatabase().StringGetAsync("k")).IsNull);
        }

        await server.StopAsync();
        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync(server.ConnectionString + ",connectTimeout=500,connectRetry=1"));
        await server.StartAsync();
        await using var again = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        Assert.True((await again.GetDatabase().StringGetAsync("k")).IsNull);
    }

    [Fact]
    public async Task Memcached_answers()
    {
        await using var server = await MemcachedServer.StartPrivateAsync();
        Assert.StartsWith("127.0.0.1:", server.ConnectionString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cut_proxy_closes_connections_and_a_restored_one_serves_again()
    {
        var server = await PostgresServer.SharedAsync();
        var target = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        await using var proxy = FaultyProxy.Start(target.Host!, target.Port);
        var through = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Host = "127.0.0.1", Port = proxy.Port, Pooling = false }.ConnectionString;
        await using var connection = new NpgsqlConnection(through);
        await connection.OpenAsync();

        proxy.Cut();
        await Assert.ThrowsAnyAsync<NpgsqlException>(async () => await new NpgsqlCommand("SELECT 1", connection).ExecuteScalarAsync());
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ScalarAsync(through, "SELECT 1"));

        proxy.Restore();
        Assert.Equal(1, await ScalarAsync(through, "SELECT 1"));

        proxy.Pause();
        var waiting = ScalarAsync(through, "SELECT 2");
        Assert.False(waiting.IsCompleted);
        proxy.Restore();
        Assert.Equal(2, await waiting);
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return await new NpgsqlCommand(sql, connection).ExecuteScalarAsync();
    }
}
