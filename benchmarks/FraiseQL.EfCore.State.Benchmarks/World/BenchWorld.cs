using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>A database with the data set and the triggers, and contexts of every kind on it.</summary>
internal sealed class BenchWorld : IAsyncDisposable
{
    private readonly string _server;
    private readonly List<string> _databases = [];
    private Node? _node;

    private BenchWorld(string server, string connectionString, string? redis)
    {
        _server = server;
        ConnectionString = connectionString;
        Redis = redis;
    }

    public string ConnectionString { get; }

    public string? Redis { get; }

    public static async Task<BenchWorld> CreateAsync(string server, string? redis)
    {
        var name = $"bench_{Environment.ProcessId}";
        var world = new BenchWorld(server, new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString, redis);
        await world.OnServerAsync($"CREATE DATABASE {name}");
        world._databases.Add(name);
        await DataSet.LoadAsync(Options(world.ConnectionString, state: true), world.ConnectionString);
        return world;
    }

    /// <summary>A context without this library.</summary>
    public BlogContext Plain(params IInterceptor[] interceptors)
        => new(Options(ConnectionString, state: false, interceptors));

    /// <summary>The node on which most benchmarks run: it listens, as in production, and has no second level.</summary>
    public async Task<Node> NodeAsync() => _node ??= await Node.StartAsync(ConnectionString);

    /// <summary>A database with the tables and data, but without triggers.</summary>
    public async Task<string> WithoutTriggersAsync()
    {
        var name = $"bench_plain_{Environment.ProcessId}";
        var connectionString = new NpgsqlConnectionStringBuilder(_server) { Database = name }.ConnectionString;
        if (!_databases.Contains(name))
        {
            await OnServerAsync($"CREATE DATABASE {name}");
            _databases.Add(name);
            await DataSet.LoadAsync(Options(connectionString, state: false), connectionString);
        }

        return connectionString;
    }

    public static DbContextOptions<BlogContext> Options(string connectionString, bool state, params IInterceptor[] interceptors)
    {
        var builder = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(connectionString).AddInterceptors(interceptors);
        return (state ? builder.UseFraiseQLState() : builder).Options;
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        NpgsqlConnection.ClearAllPools();
        foreach (var database in _databases)
        {
            await OnServerAsync($"DROP DATABASE {database} WITH (FORCE)");
        }
    }

    private async Task OnServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await DataSet.ExecuteAsync(connection, sql);
    }
}
