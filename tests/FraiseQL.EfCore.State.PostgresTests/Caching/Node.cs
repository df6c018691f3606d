using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>One node: a host of its own with its own memory cache and listener, on a database and perhaps a Redis that others share.</summary>
public sealed class Node : IAsyncDisposable
{
    private readonly IHost _host;

    private Node(IHost host, CommandCounter commands, FakeLogCollector logs)
    {
        _host = host;
        Commands = commands;
        Logs = logs;
    }

    public CommandCounter Commands { get; }

    public FakeLogCollector Logs { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>Starts a node and waits until its listener serves the cache.</summary>
    public static async Task<Node> StartAsync(
        string connectionString,
        string? redis = null,
        Action<FraiseQLStateOptions>? configure = null,
        Action<DbContextOptionsBuilder>? context = null,
        Action<FraiseQLStateBuilder>? state = null,
        TimeProvider? time = null,
        bool wait = true)
    {
        var commands = new CommandCounter();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging().AddProvider(new SearchedLog());
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddDbContextFactory<BlogContext>(o =>
        {
            o.UseNpgsql(connectionString).UseFraiseQLState().AddInterceptors(commands, commands.Connections);
            context?.Invoke(o);
        });
        var added = builder.Services.AddFraiseQLState<BlogContext>(configure: configure);
        if (redis is not null)
        {
            added.AddRedis(redis);
        }

        state?.Invoke(added);
        SearchedHealthChecks.Search(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        var node = new Node(host, commands, host.Services.GetRequiredService<FakeLogCollector>());
        if (wait)
        {
            await Eventually.Until(
                async () => await node.ReadAsync(db => db.Authors.Cacheable().CountAsync()) is { Outcome: not CacheOutcome.Bypass },
                TimeSpan.FromSeconds(20));
        }

        return node;
    }

    public BlogContext CreateContext() => Services.GetRequiredService<IDbContextFactory<BlogContext>>().CreateDbContext();

    /// <summary>Runs a query on a context of its own and tells where its rows came from.</summary>
    public async Task<(T Value, CacheOutcome Outcome)> ReadAsync<T>(Func<BlogContext, Task<T>> query)
    {
        await using var db = CreateContext();
        var value = await query(db);
        return (value, db.Database.GetCacheOutcome());
    }

    public async Task WriteAsync(Func<BlogContext, Task> write)
    {
        await using var db = CreateContext();
        await write(db);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();

        // Whatever a test does, this library tells nothing of what it reads, caches or connects with.
        LeakSearch.OfTheRun.AssertNothingFound();
    }
}

/// <summary>Counts what really reaches the database.</summary>
public sealed class CommandCounter : DbCommandInterceptor
{
    private int _readers;

    public int Readers => Volatile.Read(ref _readers);

    public OpeningCounter Connections { get; } = new();

    /// <summary>Called when a reader has been executed and before its rows are read.</summary>
    public Func<DbCommand, Task>? AfterExecute { get; set; }

    public override DbDataReader ReaderExecuted(DbCommand command, CommandExecutedEventData eventData, DbDataReader result)
    {
        Interlocked.Increment(ref _readers);
        return result;
    }

    public override async ValueTask<DbDataReader> ReaderExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _readers);
        if (AfterExecute is { } wait)
        {
            await wait(command);
        }

        return result;
    }
}

public sealed class OpeningCounter : DbConnectionInterceptor
{
    private int _opened;

    public int Opened => Volatile.Read(ref _opened);

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Interlocked.Increment(ref _opened);

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _opened);
        return Task.CompletedTask;
    }
}
