using System.Diagnostics;
using FraiseQL.EfCore.TestKit;

namespace BlogApp.Demo;

/// <summary>Where the demo plays: one PostgreSQL, one Redis, two nodes, and psql.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("blogapp-demo-").FullName;
    private readonly PostgresServer _postgres;
    private readonly string _connectionString;

    private Stage(PostgresServer postgres, RedisServer redis, string connectionString, string app)
    {
        (_postgres, Redis, _connectionString) = (postgres, redis, connectionString);
        Settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Blog"] = connectionString,
            ["ConnectionStrings__Redis"] = redis.ConnectionString,
            ["DOTNET_NOLOGO"] = "1",
        };
        A = new Node("A", app, Settings, Path.Combine(_folder, "a.log"));
        B = new Node("B", app, Settings, Path.Combine(_folder, "b.log"));
        Psql = new Psql(connectionString);
    }

    public Node A { get; }

    public Node B { get; }

    public IEnumerable<Node> Nodes => [A, B];

    public RedisServer Redis { get; }

    public Psql Psql { get; }

    private Dictionary<string, string> Settings { get; }

    /// <summary>Starts the servers, imports the posts and starts both nodes.</summary>
    public static async Task<Stage> SetUpAsync(string app, string? file, CancellationToken cancellationToken)
    {
        Console.WriteLine("Starting PostgreSQL and Redis …");
        var postgres = await PostgresServer.SharedAsync();
        var redis = await RedisServer.StartPrivateAsync();
        var stage = new Stage(postgres, redis, await postgres.CreateDatabaseAsync(), app);
        try
        {
            await stage.ImportAsync(app, file, cancellationToken);
            Console.WriteLine("Starting two nodes, A and B …");
            await Task.WhenAll(stage.A.StartAsync(cancellationToken), stage.B.StartAsync(cancellationToken));
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        await Redis.DisposeAsync();
        var database = new Npgsql.NpgsqlConnectionStringBuilder(_connectionString).Database;
        await _postgres.ExecuteAsync($"DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)");
        await _postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ImportAsync(string app, string? file, CancellationToken cancellationToken)
    {
        Console.WriteLine(file is null ? "Importing generated posts …" : $"Importing {Path.GetFileName(file)} …");
        var start = new ProcessStartInfo("dotnet", file is null ? [app, "seed"] : [app, "import", file]);
        foreach (var (key, value) in Settings)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode == 2)
        {
            Console.WriteLine("Some lines were bad and are reported above; the demo goes on with the rest.");
        }
        else if (process.ExitCode != 0)
        {
            throw new InvalidOperationException("The import failed.");
        }
    }
}
