using FraiseQL.EfCore.TestKit.Servers;
using Npgsql;
using Testcontainers.PostgreSql;

namespace FraiseQL.EfCore.TestKit;

/// <summary>A PostgreSQL server for tests: the one of the environment, a container, or local binaries, in this order.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Prefix = "fraiseql_test_";

    private static readonly Lazy<Task<PostgresServer>> Instance = new(() => CreateAsync(new PostgresServerOptions(), "FRAISEQL_TEST_PG"));

    private static readonly Lazy<Task<PostgresServer>> Instance18
        = new(() => CreateAsync(new PostgresServerOptions { Release = PostgresRelease.Eighteen }, "FRAISEQL_TEST_PG18"));

    private readonly ServerHost _host;

    private PostgresServer(ServerHost host) => _host = host;

    /// <summary>Connects as a superuser to the maintenance database.</summary>
    public string ConnectionString => _host.Address;

    /// <summary>The server that all tests of this process share. It is never stopped; each test has its own database.</summary>
    public static Task<PostgresServer> SharedAsync(PostgresRelease release = PostgresRelease.AtHand)
        => release == PostgresRelease.Eighteen ? Instance18.Value : Instance.Value;

    /// <summary>A server of one test, which may stop, crash and configure it. Dispose it.</summary>
    public static Task<PostgresServer> StartPrivateAsync(PostgresServerOptions? options = null)
        => CreateAsync(options ?? new PostgresServerOptions(), variable: null);

    /// <summary>A new database with a random name on the shared server.</summary>
    public static async Task<string> CreateSharedDatabaseAsync(string? template = null, PostgresRelease release = PostgresRelease.AtHand)
        => await (await SharedAsync(release)).CreateDatabaseAsync(template);

    /// <summary>Creates a database with a random name.</summary>
    /// <param name="template">The name or the connection string of the database to copy; its connections are closed first.</param>
    /// <returns>The connection string of the new database.</returns>
    public async Task<string> CreateDatabaseAsync(string? template = null)
    {
        var name = $"{Prefix}{TimeProvider.System.GetUtcNow():yyyyMMdd}_{Guid.NewGuid():n}";
        if (template is not null && template.Contains('=', StringComparison.Ordinal))
        {
            template = new NpgsqlConnectionStringBuilder(template).Database;
        }

        if (template is not null)
        {
            NpgsqlConnection.ClearAllPools();
            await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'");
        }

        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE \"{template ?? "template1"}\"");
        return new NpgsqlConnectionStringBuilder(ConnectionString)
        {
            Database = name,
            Pooling = true,
            MaxPoolSize = 40,
            // Hundreds of databases, each with a pool: idle connections go soon, or the server runs out of them.
            ConnectionIdleLifetime = 5,
            ConnectionPruningInterval = 1,
            IncludeErrorDetail = true,
            // Rows of more than 100 MB, on a machine that does other things too: a timeout here says nothing about what is tested.
            CommandTimeout = 180,
        }.ConnectionString;
    }

    /// <summary>Runs SQL on the maintenance database, or on the one of <paramref name="connectionString"/>.</summary>
    public async Task ExecuteAsync(string sql, string? connectionString = null)
    {
        await using var connection = new NpgsqlConnection(connectionString ?? ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public Task StartAsync() => _host.StartAsync();

    /// <summary>Stops a private server; its data and its address stay.</summary>
    /// <param name="crash">Without an orderly shutdown; the next start recovers.</param>
    public Task StopAsync(bool crash = false) => _host.StopAsync(crash);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>
    /// Somebody else's server outlives the tests. The test host is given no time to clean up when it ends, so what runs before today and
    /// yesterday have left is removed by the next one; today's may be in use.
    /// </summary>
    private async Task DropOldDatabasesAsync()
    {
        var oldest = $"{Prefix}{TimeProvider.System.GetUtcNow().AddDays(-1):yyyyMMdd}";
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        var names = new List<string>();
        await using (var command = new NpgsqlCommand("SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND datname COLLATE \"C\" < $2", connection))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = Prefix });
            command.Parameters.Add(new NpgsqlParameter { Value = oldest });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }

        foreach (var name in names)
        {
            await ExecuteAsync($"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
        }
    }

    private static async Task<PostgresServer> CreateAsync(PostgresServerOptions options, string? variable)
    {
        if (variable is not null && Environment.GetEnvironmentVariable(variable) is { Length: > 0 } external)
        {
            var server = new PostgresServer(new ExternalHost(external));
            await server.DropOldDatabasesAsync();
            return server;
        }

        var settings = options.AllSettings().ToArray();
        ServerHost host = await DockerHost.IsAvailableAsync() ? Docker(settings, options.Release) : await LocalAsync(settings, options.Release);
        await host.StartAsync();
        return new PostgresServer(host);
    }

    private static DockerHost Docker(string[] settings, PostgresRelease release)
    {
        var port = ServerHost.FreePort();
        var container = new PostgreSqlBuilder(release == PostgresRelease.Eighteen ? "postgres:18-alpine" : "postgres:17-alpine")
            .WithUsername("postgres").WithPassword("postgres").WithDatabase("postgres")
            .WithPortBinding(port, PostgreSqlBuilder.PostgreSqlPort)
            .WithCommand([.. settings.SelectMany(setting => (string[])["-c", setting])])
            .Build();
        return new DockerHost(container, $"Host=127.0.0.1;Port={port};Username=postgres;Password=postgres;Database=postgres;Pooling=false");
    }

    private static async Task<ProcessHost> LocalAsync(string[] settings, PostgresRelease release)
    {
        var bin = release == PostgresRelease.Eighteen
            ? FoldersOf18().Select(folder => Path.Combine(folder, "initdb")).FirstOrDefault(File.Exists) ?? throw Missing18()
            : ServerHost.FindExecutable("initdb", DebianFolders())
                ?? throw ServerHost.Missing("PostgreSQL", "FRAISEQL_TEST_PG", "initdb", "postgresql");
        var postgres = Path.Combine(Path.GetDirectoryName(bin)!, "postgres");
        var folder = await Unprivileged.CreateFolderAsync("pg");
        var data = Path.Combine(folder, "data");
        await Unprivileged.RunAsync(Unprivileged.Command(bin,
            ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]));

        var port = ServerHost.FreePort();
        var address = $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres;Pooling=false;Timeout=5";
        var process = GuardedProcess.Create(folder, postgres,
            ["-D", data, "-p", $"{port}", "-h", "127.0.0.1", "-k", "", .. settings.SelectMany(setting => (string[])["-c", setting])]);
        return new ProcessHost(process, address, crashSignal: "QUIT", async () =>
        {
            await using var connection = new NpgsqlConnection(address);
            await connection.OpenAsync();
        });
    }

    private static IEnumerable<string> DebianFolders()
        => Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(folder => Version.TryParse(Path.GetFileName(folder) + ".0", out var version) ? version : new Version())
                .Select(folder => Path.Combine(folder, "bin"))
            : [];

    /// <summary>Where Debian and eng/lib/postgres18.sh put it.</summary>
    private static IEnumerable<string> FoldersOf18()
    {
        yield return "/usr/lib/postgresql/18/bin";
        var cache = Environment.UserName == "root" ? "/var/cache"
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        yield return Path.Combine(cache, "fraiseql-tests/postgresql-18/bin");
    }

    private static InvalidOperationException Missing18() => new(
        "This test needs PostgreSQL 18 and found none. Run eng/lib/postgres18.sh, which fetches it, or set FRAISEQL_TEST_PG18 to the connection string of a server that tests may write to.");
}
