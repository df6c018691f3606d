using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Wrong use gives an error that says what to do.</summary>
public sealed class WrongUseTests
{
    private const string NoServer = "Host=127.0.0.1;Port=1;Database=none;Username=none;Timeout=1";

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [Feature("S9.1-dont-no-ttl")]
    public void A_time_to_live_of_zero_or_without_end_is_refused(long ticks)
    {
        using var db = Context(o => o.UseNpgsql(NoServer).UseFraiseQLState());
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => db.Posts.Cacheable(TimeSpan.FromTicks(ticks)));
        Assert.Contains("more than zero and at most 365 days", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => db.Posts.Cacheable(Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task A_compiled_query_with_a_wrong_time_to_live_is_refused_when_it_runs()
    {
        var query = EF.CompileAsyncQuery((BlogContext context, TimeSpan ttl) => context.Posts.Cacheable(ttl).Count());
        await using var db = Context(o => o.UseNpgsql(NoServer).UseFraiseQLState());
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => query(db, TimeSpan.Zero));
        Assert.Contains("365 days", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-42-fail-loud")]
    public void A_cacheable_query_on_a_context_without_state_names_the_missing_call()
    {
        using var db = Context(o => o.UseNpgsql(NoServer));
        var error = Assert.Throws<InvalidOperationException>(() => db.Posts.Cacheable().ToList());
        Assert.Contains("UseFraiseQLState()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_nested_cacheable_is_refused()
    {
        using var db = Context(o => o.UseNpgsql(NoServer).UseFraiseQLState());
        var error = Assert.Throws<InvalidOperationException>(
            () => db.Authors.Where(a => db.Posts.Cacheable().Any(p => p.AuthorId == a.Id)).ToList());
        Assert.Contains("inside a subquery", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => db.Posts.Union(db.Posts.Cacheable()).ToList());
    }

    [Fact]
    [Feature("S8.2-database")]
    public void Another_provider_is_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Context(o => o.UseSqlite("Data Source=:memory:").UseFraiseQLState()));
        Assert.Contains("UseNpgsql", error.Message, StringComparison.Ordinal);
        Assert.Contains("Sqlite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_provider_is_refused()
        => Assert.Contains(
            "UseNpgsql", Assert.Throws<InvalidOperationException>(() => Context(o => o.UseFraiseQLState())).Message, StringComparison.Ordinal);

    [Fact]
    [Feature("S8.1-configure")]
    public void An_unknown_configuration_key_is_refused_with_the_nearest_name()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("FraiseQL:State:Cache:DefaultTtll", "00:01:00")]).Build();
        var error = Assert.Throws<InvalidOperationException>(
            () => new ServiceCollection().AddFraiseQLState<BlogContext>(configuration.GetSection("FraiseQL:State")));
        Assert.Contains("'FraiseQL:State:Cache:DefaultTtll' is unknown", error.Message, StringComparison.Ordinal);
        Assert.Contains("'FraiseQL:State:Cache:DefaultTtl'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("S8.1-default-ttl")]
    public async Task A_value_out_of_range_stops_the_start_and_names_the_key()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("FraiseQL:State:Cache:DefaultTtl", "00:00:00"), new("FraiseQL:State:Consistency:MaxSilence", "00:00:00.5")]);
        builder.Services.AddDbContext<BlogContext>(o => o.UseNpgsql(NoServer).UseFraiseQLState());
        builder.Services.AddFraiseQLState<BlogContext>(builder.Configuration.GetSection("FraiseQL:State"));
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("Cache:DefaultTtl is 00:00:00", error.Message, StringComparison.Ordinal);
        Assert.Contains("Consistency:MaxSilence", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-26-doctor")]
    public async Task A_database_without_the_migration_is_read_uncached_and_the_log_says_which_command_to_run()
    {
        var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        var plain = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(connectionString).Options;
        await using (var db = new BlogContext(plain))
        {
            await db.Database.EnsureCreatedAsync();
        }

        await using var node = await Node.StartAsync(connectionString, wait: false);
        await Eventually.Until(
            () => node.Logs.GetSnapshot().Any(r => r.Message.Contains("dotnet ef database update", StringComparison.Ordinal)), TimeSpan.FromSeconds(10));
        Assert.Equal(CacheOutcome.Bypass, (await node.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Outcome);
    }

    private static BlogContext Context(Action<DbContextOptionsBuilder> configure)
    {
        var builder = new DbContextOptionsBuilder<BlogContext>();
        configure(builder);
        return new BlogContext(builder.Options);
    }
}
