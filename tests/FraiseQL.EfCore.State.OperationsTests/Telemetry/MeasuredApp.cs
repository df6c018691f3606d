using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

/// <summary>A node with a context type of its own: its metrics are told from those of other tests by its name.</summary>
internal sealed class MeasuredApp<TContext> : IAsyncDisposable
    where TContext : BlogContext
{
    private readonly IHost _host;

    public MeasuredApp(
        string connectionString, Action<FraiseQLStateBuilder>? state = null, Action<FraiseQLStateOptions>? configure = null,
        Action<IHostApplicationBuilder>? host = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddFakeLogging().AddProvider(new SearchedLog());
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        builder.Services.AddDbContextFactory<TContext>(o => o.UseNpgsql(connectionString).UseFraiseQLState().AddInterceptors(Commands));
        state?.Invoke(builder.Services.AddFraiseQLState<TContext>(configure: configure));
        if (state is null)
        {
            builder.Services.AddFraiseQLState<TContext>(configure: configure);
        }

        host?.Invoke(builder);
        SearchedHealthChecks.Search(builder.Services);
        var app = builder.Build();
        map?.Invoke(app);
        _host = app;
    }

    public CommandCounter Commands { get; } = new();

    public IServiceProvider Services => _host.Services;

    public FakeLogCollector Logs => Services.GetRequiredService<FakeLogCollector>();

    public string Url => ((WebApplication)_host).Urls.First();

    /// <summary>Starts it, and waits until its listener serves the cache.</summary>
    public async Task StartAsync()
    {
        await _host.StartAsync();
        await Eventually.Until(async () => await ReadAsync(db => db.Authors.Cacheable().CountAsync()) is { Outcome: CacheOutcome.L1Hit });
    }

    public TContext CreateContext() => Services.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();

    public async Task<(T Value, CacheOutcome Outcome)> ReadAsync<T>(Func<TContext, Task<T>> query)
    {
        await using var db = CreateContext();
        var value = await query(db);
        return (value, db.Database.GetCacheOutcome());
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        LeakSearch.OfTheRun.AssertNothingFound();
    }
}
