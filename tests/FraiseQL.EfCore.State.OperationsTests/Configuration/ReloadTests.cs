using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>A configuration that changes while the host runs.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.json");
    private IHost _host = null!;
    private IConfigurationRoot _configuration = null!;

    private FraiseQLStateOptions Running => _host.Services.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Options;

    private FraiseQLStateOptions Monitored
        => _host.Services.GetRequiredService<IOptionsMonitor<FraiseQLStateOptions>>().Get(typeof(BlogContext).FullName);

    public async Task InitializeAsync()
    {
        Write("""{ "DefaultTtl": "00:01:00", "L1": { "MaxSizeMb": 100 }, "Profiles": { "Hot": { "Ttl": "00:00:10" } } }""");
        _configuration = new ConfigurationBuilder().AddJsonFile(_file).Build();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging();
        builder.Services.AddDbContext<BlogContext>(o => o.UseNpgsql("Host=127.0.0.1;Port=1;Timeout=1").UseFraiseQLState());
        builder.Services.AddFraiseQLState<BlogContext>(_configuration.GetSection(Section.Path), o => o.Cdc.Enabled = false);
        _host = builder.Build();
        await _host.StartAsync();
    }

    [Fact]
    [Feature("S8.1-configure")]
    public void Times_to_live_profiles_and_switches_apply_at_once()
    {
        Reload("""{ "DefaultTtl": "00:02:00", "Enabled": false, "L1": { "MaxSizeMb": 100 }, "Profiles": { "Hot": { "Ttl": "00:00:20" }, "New": { "Ttl": "00:00:30" } } }""");
        Assert.All([Running, Monitored], options =>
        {
            Assert.Equal(TimeSpan.FromMinutes(2), options.Cache.DefaultTtl);
            Assert.False(options.Cache.Enabled);
            Assert.Equal(TimeSpan.FromSeconds(20), options.Cache.Profiles["Hot"].Ttl);
            Assert.Equal(TimeSpan.FromSeconds(30), options.Cache.Profiles["New"].Ttl);
            Assert.Equal(4 + 2, options.Cache.Profiles.Count);
            Assert.False(options.Cdc.Enabled);
        });
        var told = Assert.Single(Said(FraiseQLStateEventId.ConfigurationReloaded));
        Assert.Contains("FraiseQL:State:Cache:DefaultTtl", told.Message, StringComparison.Ordinal);

        // The next executions go by it.
        using var scope = _host.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<BlogContext>();
        Assert.Contains("ttl: 00:02:00 (default)", db.Posts.Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
        Assert.Contains("ttl: 00:00:30 (profile)", db.Posts.Cacheable("New").ToCacheExplainString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_needs_a_restart_is_told_by_name_and_stays()
    {
        Reload("""{ "DefaultTtl": "00:02:00", "L1": { "MaxSizeMb": 200 }, "Profiles": { "Hot": { "Ttl": "00:00:10" } } }""");
        Assert.Equal((100, TimeSpan.FromMinutes(2)), (Running.Cache.L1.MaxSizeMb, Running.Cache.DefaultTtl));
        var told = Assert.Single(Said(FraiseQLStateEventId.ConfigurationNeedsRestart));
        Assert.Contains("FraiseQL:State:Cache:L1:MaxSizeMb.", told.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "DefaultTtl": "300" }""", "FraiseQL:State:Cache:DefaultTtl is '300'")]
    [InlineData("""{ "DefaultTtl": "00:00:00" }""", "FraiseQL:State:Cache:DefaultTtl is 00:00:00")]
    [InlineData("""{ "DefaultTtll": "00:01:00" }""", "Did you mean 'FraiseQL:State:Cache:DefaultTtl'?")]
    public void A_wrong_configuration_is_refused_as_a_whole_and_the_old_one_stays(string cache, string message)
    {
        var (running, monitored) = (Running, Monitored);
        Reload(cache);
        Assert.Same(running, Running);
        Assert.Same(monitored, Monitored);
        var told = Assert.Single(Said(FraiseQLStateEventId.ConfigurationRefused));
        Assert.Equal(LogLevel.Error, told.Level);
        Assert.Contains(message, told.Message, StringComparison.Ordinal);

        // And what is right again applies.
        Reload("""{ "DefaultTtl": "00:03:00" }""");
        Assert.Equal(TimeSpan.FromMinutes(3), Running.Cache.DefaultTtl);
    }

    [Fact]
    public void The_same_once_more_is_no_change()
    {
        var running = Running;
        _configuration.Reload();
        Assert.Same(running, Running);
        Assert.Empty(Said(FraiseQLStateEventId.ConfigurationReloaded));
    }

    public async Task DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        File.Delete(_file);
    }

    private FakeLogRecord[] Said(int id) => [.. _host.Services.GetFakeLogCollector().GetSnapshot().Where(r => r.Id.Id == id)];

    private void Reload(string cache)
    {
        Write(cache);
        _configuration.Reload();
    }

    private void Write(string cache) => File.WriteAllText(_file, $$"""{ "FraiseQL": { "State": { "Cache": {{cache}} } } }""");
}
