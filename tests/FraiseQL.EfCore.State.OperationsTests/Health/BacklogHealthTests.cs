using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.OperationsTests.Health;

public sealed class BacklogHealthTests
{
    private const string Group = "handlers:BlogContext";

    [Fact]
    [Feature("S7.2-backlog")]
    public async Task A_backlog_that_grows_degrades_its_check_on_every_node_and_is_gone_when_the_handlers_have_caught_up()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var gate = new Gate();
        void Handle(FraiseQLStateBuilder builder)
            => builder.OnEvent<Tag>("tag_created", (_, _, token) => gate.PassAsync().WaitAsync(token));

        await using var first = await HealthOf.StartAsync(database, Handle);
        await using var second = await HealthOf.StartAsync(database, Handle);
        var well = await HealthOf.BecomesAsync(first, "fraiseql:backlog", HealthStatus.Healthy, entry => entry.Data.ContainsKey($"{Group}/backlog"));
        Assert.Equal(0L, well.Data[$"{Group}/backlog"]);
        Assert.Equal(100, well.Data["maxBacklog"]);

        await Seed.ExecuteAsync(database, """insert into "Tags" ("Name") select 't' || i from generate_series(1, 130) i""");
        await gate.Arrived;
        foreach (var node in (Node[])[first, second])
        {
            var behind = await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Degraded);
            Assert.InRange((long)behind.Data[$"{Group}/backlog"], 101, 130);
            Assert.Contains($"wait for the group {Group}", behind.Description, StringComparison.Ordinal);
            Assert.True((double)behind.Data[$"{Group}/oldestSeconds"] > 1);
        }

        gate.Open();
        foreach (var node in (Node[])[first, second])
        {
            await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy, entry => entry.Data[$"{Group}/backlog"] is 0L);
        }
    }

    [Fact]
    [Feature("S7.2-backlog")]
    public async Task Parked_events_are_counted_and_degrade_the_check_until_somebody_has_looked_after_them()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(
            database,
            builder => builder.OnEvent<Tag>("tag_created", (_, _, _) => throw new InvalidOperationException("as the test wants it")),
            // Whatever failures are to the application: another node would have the same events parked.
            health => health.FailureStatus = HealthStatus.Unhealthy,
            options => options.Cdc.Retry.Attempts = 1);
        await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy);

        await Seed.ExecuteAsync(database, """insert into "Tags" ("Name") values ('one'), ('two')""");
        var parked = await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Degraded, entry => entry.Data[$"{Group}/deadLetters"] is 2L);
        Assert.Contains("IDeadLetters", parked.Description, StringComparison.Ordinal);

        await node.Services.GetRequiredService<IDeadLetters>().PurgeAsync();
        await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy, entry => entry.Data[$"{Group}/deadLetters"] is 0L);
    }

    [Fact]
    [Feature("S7.2-backlog")]
    public async Task A_paused_group_says_that_it_is_paused_and_who_resumes_it_and_its_handlers_are_not_blamed()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(
            database,
            builder => builder.OnEvent<Tag>("tag_created", (_, _, _) => Task.CompletedTask),
            // Somebody wants it so: no other node would do better.
            health =>
            {
                health.FailureStatus = HealthStatus.Unhealthy;
                health.MaxBacklog = 5;
            });
        var running = await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy, entry => entry.Data[$"{Group}/isRun"] is true);
        Assert.Equal(false, running.Data[$"{Group}/isPaused"]);

        var groups = node.Services.GetRequiredService<IHandlerGroups>();
        Assert.True(await groups.PauseAsync(Group));
        var paused = await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy, entry => entry.Data[$"{Group}/isPaused"] is true);
        Assert.Equal(false, paused.Data[$"{Group}/isRun"]);
        Assert.StartsWith($"The group {Group} is paused:", paused.Description, StringComparison.Ordinal);
        Assert.Contains($"IHandlerGroups.ResumeAsync(\"{Group}\")", paused.Description, StringComparison.Ordinal);

        await Seed.ExecuteAsync(database, """insert into "Tags" ("Name") select 't' || i from generate_series(1, 9) i""");
        var waiting = await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Degraded);
        Assert.True((long)waiting.Data[$"{Group}/backlog"] >= 9);
        Assert.StartsWith($"The group {Group} is paused: {waiting.Data[$"{Group}/backlog"]} events wait for it, the oldest for ", waiting.Description, StringComparison.Ordinal);
        Assert.DoesNotContain("keep up", waiting.Description, StringComparison.Ordinal);

        Assert.True(await groups.ResumeAsync(Group));
        await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy, entry => entry.Data[$"{Group}/isPaused"] is false && entry.Data[$"{Group}/backlog"] is 0L);
    }
}
