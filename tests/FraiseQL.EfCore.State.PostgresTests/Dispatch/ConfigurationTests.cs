using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

public sealed class ConfigurationTests
{
    [Fact]
    [Feature("S8.2-configure-merge")]
    public void A_second_call_adds_to_the_first()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDbContext<ShopContext>(o => o.UseNpgsql("Host=nowhere").UseFraiseQLState());
        builder.Services.AddFraiseQLState<ShopContext>(Section(("Cdc:Retry:Attempts", "9"), ("Cdc:HandlerLease", "00:00:07"), ("Cache:MaxRows", "5")));
        builder.Services.AddFraiseQLState<ShopContext>(Section(("Cdc:HandlerLease", "00:00:08"), ("Cdc:Retry:Backoff", "Fixed")));
        builder.Services.AddFraiseQLState<ShopContext>(configure: o => o.Cdc.HandlerGroup = "mine");
        using var host = builder.Build();

        var options = host.Services.GetRequiredService<IOptionsMonitor<FraiseQLStateOptions>>().Get(typeof(ShopContext).FullName);
        Assert.Equal(
            (9, RetryBackoff.Fixed, TimeSpan.FromSeconds(8), 5, "mine"),
            (options.Cdc.Retry.Attempts, options.Cdc.Retry.Backoff, options.Cdc.HandlerLease, options.Cache.MaxRows, options.Cdc.HandlerGroup));
        Assert.Equal(2, host.Services.GetServices<IHostedService>().Count(s => s.GetType().Namespace == "FraiseQL.EfCore.State.Listener"));
    }

    [Theory]
    [InlineData(RetryBackoff.Exponential)]
    [InlineData(RetryBackoff.Linear)]
    [InlineData(RetryBackoff.Fixed)]
    [Feature("S8.2-retry")]
    public async Task A_handler_is_tried_again_as_the_configuration_says(RetryBackoff backoff)
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var attempts = new List<int>();
        await using var node = await HandlerNode.StartAsync(
            database,
            b =>
            {
                b.Services.AddFraiseQLState<ShopContext>(Section(
                    ("Cdc:Retry:Backoff", $"{backoff}"), ("Cdc:Retry:Attempts", "4"), ("Cdc:Retry:MinDelay", "00:00:00.001"),
                    ("Cdc:Retry:MaxDelay", "00:00:00.01"), ("Cdc:Retry:Jitter", "false")));
                b.OnEvent<Post>("post_created", (_, context, _) =>
                {
                    lock (attempts)
                    {
                        attempts.Add(context.Attempt);
                    }

                    throw new InvalidOperationException("broken");
                });
            });
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");

        await Eventually.Until(() => node.Said(FraiseQLStateEventId.HandlerParked) == 1);
        Assert.Equal([1, 2, 3, 4], attempts);
    }

    [Fact]
    [Feature("S9.2-dont-global-order")]
    public async Task Entities_do_not_wait_for_each_other()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var gate = new Gate();
        var handled = new Handled { Before = (change, _, _) => change.EntityId == "post-1" ? gate.PassAsync() : Task.CompletedTask };
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"));
        await HandlerTests.ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        await gate.Arrived;
        await HandlerTests.ExecuteAsync(database, "insert into posts select i, 'b', 0 from generate_series(2, 40) i");

        // Later in the log, and done before: all but those that share the first one's lane.
        await Eventually.Until(() => handled.Count >= 20);
        Assert.Empty(handled.Of(1));
        gate.Open();
        await Eventually.Until(() => handled.Count == 40);
        Assert.Single(handled.Of(1));
    }

    [Fact]
    [Feature("S9.2-do-monitor-lag")]
    public async Task How_far_the_listener_is_behind_is_a_metric()
    {
        using var lag = new MetricCollector<double>(null, FraiseQLStateDiagnostics.MeterName, "fraiseql.listener.lag");
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var node = await HandlerNode.StartAsync(database, _ => { }, runsHandlers: false);
        lag.RecordObservableInstruments();
        Assert.All(lag.GetMeasurementSnapshot(), m => Assert.True(m.Value >= 0));
        Assert.NotEmpty(lag.GetMeasurementSnapshot());

        // Of this listener alone: those of other tests are in the metric too.
        await Eventually.Until(() => node.Listener.Lag < TimeSpan.FromSeconds(5));
        await node.StopAsync();
        var stopped = node.Listener.Lag;
        await Eventually.Until(() => node.Listener.Lag > stopped);
    }

    private static IConfiguration Section(params (string Key, string Value)[] values)
        => new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => new KeyValuePair<string, string?>(v.Key, v.Value))).Build();
}
