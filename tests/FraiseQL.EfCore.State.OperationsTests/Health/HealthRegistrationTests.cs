using FraiseQL.EfCore.State.Health;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.OperationsTests.Configuration;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.OperationsTests.Health;

public sealed class HealthRegistrationTests
{
    [Fact]
    public async Task The_checks_of_a_node_that_is_well_have_these_names_tags_and_figures()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(
            database, builder => builder.OnEvent<Tag>("tag_created", (_, _, _) => Task.CompletedTask), redis: (await RedisServer.SharedAsync()).ConnectionString,
            configure: o => o.Cache.L2.KeyPrefix = $"{Guid.NewGuid():n}:", health: o => o.MaxResponseTime = TimeSpan.FromSeconds(5));
        await HealthOf.BecomesAsync(node, "fraiseql:cdc", HealthStatus.Healthy, entry => entry.Data.ContainsKey("notifyMilliseconds"));
        await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy);

        // A notification may come late on a busy machine: what counts here is which figures there are.
        var report = await Eventually.For(
            () => HealthOf.AllAsync(node), all => all.Status == HealthStatus.Healthy && all.Entries["fraiseql:cdc"].Data.ContainsKey("notifyMilliseconds"));
        Approved.Match(
            string.Join("\n\n", report.Entries.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e =>
                $"{e.Key} [{string.Join(", ", e.Value.Tags)}]\n{e.Value.Description}\n"
                + string.Join("\n", e.Value.Data.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"  {d.Key}: {d.Value.GetType().Name}")))),
            "HealthChecks");
    }

    [Fact]
    public void Calling_it_twice_adds_settings_and_no_second_check_and_a_second_contexts_checks_have_its_name()
    {
        var services = Services();
        services.AddHealthChecks()
            .AddFraiseQLState<BlogContext>(o => o.Tags.Add("mine")).AddFraiseQLState<BlogContext>(o => o.FailureStatus = HealthStatus.Unhealthy)
            .AddFraiseQLState<OtherContext>();

        // After the checks, as the order does not matter.
        services.AddFraiseQLState<BlogContext>();
        services.AddFraiseQLState<OtherContext>();
        using var provider = services.BuildServiceProvider();
        var checks = provider.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.ToList();
        Assert.Equal(
            [
                "fraiseql:cache", "fraiseql:cdc", "fraiseql:backlog", "fraiseql:capture", "fraiseql:live",
                "fraiseql:cache:OtherContext", "fraiseql:cdc:OtherContext", "fraiseql:backlog:OtherContext", "fraiseql:capture:OtherContext", "fraiseql:live:OtherContext",
            ],
            checks.Select(c => c.Name));
        Assert.Equal(["fraiseql", "mine", "ready"], checks[0].Tags.Order(StringComparer.Ordinal));
        Assert.Equal(HealthStatus.Unhealthy, checks[0].FailureStatus);
        Assert.Equal(HealthStatus.Degraded, checks[5].FailureStatus);
        Assert.Contains("live", checks[4].Tags);
    }

    [Fact]
    public void A_context_without_state_is_refused_with_the_call_that_is_missing()
    {
        var services = Services();
        services.AddHealthChecks().AddFraiseQLState<BlogContext>();
        using var provider = services.BuildServiceProvider();
        var error = Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<HealthCheckService>());
        Assert.Contains("services.AddFraiseQLState<BlogContext>() was not", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("S8.1-configure")]
    public void Thresholds_come_from_the_section_and_what_is_set_in_code_counts()
    {
        string[] lines =
        [
            "FailureStatus=Unhealthy", "Timeout=00:00:02", "MaxResponseTime=00:00:00.020", "MaxSilence=00:00:09", "MaxBacklog=500", "MaxDeadLetters=3",
        ];
        var options = Bound(lines, _ => { }, isCheckFirst: false);
        Assert.Equal(
            (HealthStatus.Unhealthy, TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(9), 500, 3),
            (options.FailureStatus, options.Timeout, options.MaxResponseTime, options.MaxSilence, options.MaxBacklog, options.MaxDeadLetters));
        Assert.Equal(new FraiseQLStateHealthOptions().Tags, options.Tags);

        // The order of the calls does not matter.
        var both = Bound(lines, o => (o.MaxBacklog, o.MaxResponseTime) = (7, null), isCheckFirst: true);
        Assert.Equal((7, (TimeSpan?)null, TimeSpan.FromSeconds(2)), (both.MaxBacklog, both.MaxResponseTime, both.Timeout));
        Assert.Equal(100, Bound([], _ => { }, isCheckFirst: false).MaxBacklog);
        Assert.Equal(
            ConfigurationKeys.OfHealth.Select(key => key.Path).Order(StringComparer.Ordinal),
            lines.Select(line => ConfigurationKeys.Health + line.Split('=')[0]).Order(StringComparer.Ordinal));

        static FraiseQLStateHealthOptions Bound(string[] lines, Action<FraiseQLStateHealthOptions> configure, bool isCheckFirst)
        {
            var services = Services();
            if (isCheckFirst)
            {
                services.AddHealthChecks().AddFraiseQLState<BlogContext>(configure);
            }

            services.AddFraiseQLState<BlogContext>(Section.Of([.. lines.Select(line => ConfigurationKeys.Health + line)]));
            if (!isCheckFirst)
            {
                services.AddHealthChecks().AddFraiseQLState<BlogContext>(configure);
            }

            services.AddFraiseQLState<OtherContext>(Section.Of($"{ConfigurationKeys.Health}MaxBacklog=1"));
            services.AddHealthChecks().AddFraiseQLState<OtherContext>();
            using var provider = services.BuildServiceProvider();
            var monitor = provider.GetRequiredService<IOptionsMonitor<FraiseQLStateHealthOptions>>();
            Assert.Equal(1, monitor.Get(typeof(OtherContext).FullName).MaxBacklog);
            return monitor.Get(typeof(BlogContext).FullName);
        }
    }

    [Fact]
    public async Task Thresholds_that_cannot_work_stop_the_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDbContext<BlogContext>(o => o.UseNpgsql("Host=127.0.0.1;Port=1").UseFraiseQLState());
        builder.Services.AddFraiseQLState<BlogContext>(configure: o => o.Cdc.Enabled = false);
        builder.Services.AddHealthChecks().AddFraiseQLState<BlogContext>(o =>
        {
            o.MaxBacklog = 0;
            o.Timeout = TimeSpan.Zero;
            o.MaxDeadLetters = -1;
            o.MaxResponseTime = TimeSpan.Zero;
            o.MaxSilence = TimeSpan.FromDays(1);
        });
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Equal(
            ["MaxBacklog", "MaxDeadLetters", "MaxResponseTime", "MaxSilence", "Timeout"],
            error.Failures.Select(f => f.Split(' ')[0].Split('.')[1]).Order(StringComparer.Ordinal));
        Assert.All(error.Failures, failure => Assert.Contains("must be between", failure, StringComparison.Ordinal));
        Assert.All(error.Failures, failure => Assert.Contains(", or as Diagnostics:Health:M", failure.Replace("Health:Timeout", "Health:M", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listener_whose_loop_hangs_is_not_alive_and_one_that_cannot_connect_is()
    {
        var time = new FakeTimeProvider();
        using var runtime = new StateRuntime(new FraiseQLStateOptions(), time, NullLoggerFactory.Instance, l2: null, hasListener: true);
        var listener = new ListenerStatus(time);
        var check = new LiveHealthCheck(runtime, listener);
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("live", check, HealthStatus.Unhealthy, []) };

        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(context)).Status);
        time.Advance(TimeSpan.FromSeconds(60));
        var hung = await check.CheckHealthAsync(context);
        Assert.Equal(HealthStatus.Unhealthy, hung.Status);
        Assert.Equal(120.0, hung.Data["secondsSincePulse"]);
        listener.Pulse();
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(context)).Status);
    }

    private static ServiceCollection Services()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDbContext<BlogContext>(o => o.UseNpgsql("Host=127.0.0.1;Port=1").UseFraiseQLState());
        services.AddDbContext<OtherContext>(o => o.UseNpgsql("Host=127.0.0.1;Port=1").UseFraiseQLState());
        return services;
    }

    private sealed class OtherContext(DbContextOptions<OtherContext> options) : BlogContext(options);
}
