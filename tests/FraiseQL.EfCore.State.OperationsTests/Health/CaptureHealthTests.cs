using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Health;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace FraiseQL.EfCore.State.OperationsTests.Health;

public sealed class CaptureHealthTests
{
    [Fact]
    [Feature("S7.2-listen")]
    public async Task A_listener_that_is_cut_off_degrades_its_check_and_is_well_again_when_it_has_caught_up()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var proxy = Proxy(database, out var through);
        await using var node = await HealthOf.StartAsync(through, health: o => o.Timeout = TimeSpan.FromSeconds(2));

        // What was sent while the machine was busy may not have been heard in time.
        var well = await HealthOf.BecomesAsync(node, "fraiseql:cdc", HealthStatus.Healthy, entry => entry.Data.ContainsKey("notifyMilliseconds"));
        Assert.Equal(true, well.Data["connected"]);
        Assert.Equal(0L, well.Data["reconnects"]);
        Assert.NotEmpty((string)well.Data["log"]);
        Assert.NotEmpty((string)well.Data["position"]);

        proxy.Cut();
        var cut = await HealthOf.BecomesAsync(node, "fraiseql:cdc", HealthStatus.Degraded, entry => entry.Data["connected"] is false);
        Assert.Contains("lost its connection", cut.Description, StringComparison.Ordinal);
        Assert.Null(cut.Exception);
        await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Degraded, entry => entry.Description!.Contains("could not be asked", StringComparison.Ordinal));
        await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Degraded);
        Assert.Equal(HealthStatus.Healthy, (await HealthOf.AskAsync(node, "fraiseql:live")).Status);

        proxy.Restore();
        await HealthOf.BecomesAsync(node, "fraiseql:cdc", HealthStatus.Healthy, entry => (long)entry.Data["reconnects"] > 0);
        await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Healthy);
        await HealthOf.BecomesAsync(node, "fraiseql:backlog", HealthStatus.Healthy);
    }

    [Fact]
    [Feature("S7.2-listen")]
    public async Task A_database_that_falls_silent_shows_as_the_age_of_the_last_look()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var proxy = Proxy(database, out var through);
        await using var node = await HealthOf.StartAsync(through, health: o =>
        {
            o.Timeout = TimeSpan.FromSeconds(1);
            o.MaxSilence = TimeSpan.FromSeconds(3);
        });
        await HealthOf.BecomesAsync(node, "fraiseql:cdc", HealthStatus.Healthy);

        proxy.Pause();
        var silent = await HealthOf.BecomesAsync(node, "fraiseql:cdc", HealthStatus.Degraded, entry => entry.Description!.Contains("not read its log", StringComparison.Ordinal));
        Assert.True((double)silent.Data["secondsSinceLastLook"] > 3);

        proxy.Restore();
        await HealthOf.BecomesAsync(node, "fraiseql:cdc", HealthStatus.Healthy);
    }

    [Fact]
    [Feature("S7.2-listen")]
    public async Task A_notification_that_does_not_arrive_is_told_apart_from_a_connection_that_is_down()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(database);

        // Connected for all that it says, and nobody listens for it: what a pooler does that does not carry LISTEN.
        var deaf = new ListenerStatus();
        deaf.CaughtUp(PgSnapshot.Beginning, TimeProvider.System.GetTimestamp());
        var key = typeof(BlogContext);
        var looks = new DatabaseLooks(
            node.Services.GetRequiredKeyedService<ContextDatabase>(key), node.Services.GetRequiredKeyedService<StateRuntime>(key), deaf, [],
            TimeSpan.FromSeconds(10), (connection, token) => ListenerServices.CheckCaptureAsync(node.Services, key, connection, token));
        var all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => looks.LookAsync(CancellationToken.None)));
        Assert.True(all[0].IsDeaf);
        Assert.Null(all[0].RoundTrip);

        // Whoever may call the page cannot fill the server with connections.
        Assert.All(all, look => Assert.Same(all[0], look));
    }

    [Fact]
    [Feature("S7.2-triggers")]
    public async Task A_trigger_that_is_disabled_degrades_its_check_and_ends_the_cache_of_its_table_until_it_is_enabled()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(database);
        var well = await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Healthy);
        Assert.Equal(0, well.Data["problems"]);

        await Seed.ExecuteAsync(database, """alter table "Posts" disable trigger fraiseql_update""");
        var disabled = await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Degraded);
        Assert.Contains("public.Posts are disabled", disabled.Description, StringComparison.Ordinal);
        Assert.Contains("ENABLE TRIGGER", disabled.Description, StringComparison.Ordinal);
        Assert.Equal(1, disabled.Data["problems"]);
        await Eventually.Until(async () =>
        {
            await HealthOf.AskAsync(node, "fraiseql:capture");
            return await node.ReadAsync(db => db.Posts.Cacheable().CountAsync()) is { Outcome: CacheOutcome.Bypass };
        });

        await Seed.ExecuteAsync(database, """alter table "Posts" enable trigger fraiseql_update""");
        await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Healthy);
    }

    [Fact]
    [Feature("S7.2-triggers")]
    public async Task A_function_that_was_replaced_ends_the_cache_of_its_table_although_its_triggers_are_there_and_enabled()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(database);
        await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Healthy);
        await Eventually.Until(async () => await node.ReadAsync(db => db.Posts.Cacheable().CountAsync()) is { Outcome: CacheOutcome.L1Hit });

        await Seed.ExecuteAsync(
            database,
            """
            create table kept as select pg_get_functiondef(oid) as function from pg_proc where proname = 'public.Posts';
            create or replace function fraiseql."public.Posts"() returns trigger language plpgsql as 'begin return null; end'
            """);
        var altered = await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Degraded);
        Assert.Contains("""The functions fraiseql."public.Posts" are not what the migrations made""", altered.Description, StringComparison.Ordinal);
        Assert.Contains("DROP FUNCTION", altered.Description, StringComparison.Ordinal);
        await Eventually.Until(async () =>
        {
            await HealthOf.AskAsync(node, "fraiseql:capture");
            return await node.ReadAsync(db => db.Posts.Cacheable().CountAsync()) is { Outcome: CacheOutcome.Bypass };
        });
        Assert.NotEqual(CacheOutcome.Bypass, (await node.ReadAsync(db => db.Authors.Cacheable().CountAsync())).Outcome);

        // Nobody hears of this one; when the function is back, what was cached before counts no more.
        await Seed.ExecuteAsync(database, """delete from "Posts" where "Id" = (select max("Id") from "Posts")""");
        await Seed.ExecuteAsync(database, "do $$ begin execute (select function from kept); end $$");
        await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Healthy);
        await Eventually.Until(async () =>
        {
            await HealthOf.AskAsync(node, "fraiseql:capture");
            return await node.ReadAsync(db => db.Posts.Cacheable().CountAsync()) is { Outcome: CacheOutcome.L1Hit };
        });
        await using var db = Context(database);
        Assert.Equal(await db.Posts.CountAsync(), (await node.ReadAsync(posts => posts.Posts.Cacheable().CountAsync())).Value);
    }

    [Fact]
    [Feature("S7.2-triggers")]
    public async Task Triggers_of_a_newer_model_degrade_a_node_at_most_and_it_caches_as_before()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        await using var node = await HealthOf.StartAsync(database, health: o => o.FailureStatus = HealthStatus.Unhealthy);
        await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Healthy);

        await using (var context = Context(database))
        {
            var posts = CaptureModel.For(context.Model).Find("public.Posts")!;
            var newer = CaptureAnnotation.From(posts);
            newer = newer with { Tuning = newer.Tuning with { PreImage = !newer.Tuning.PreImage } };
            await Seed.ExecuteAsync(database, $"begin; drop function fraiseql.\"public.Posts\"() cascade; {CaptureSql.Create(newer, posts.Schema)} commit");
        }

        var rolling = await HealthOf.BecomesAsync(node, "fraiseql:capture", HealthStatus.Degraded);
        Assert.Contains("queries are cached as usual", rolling.Description, StringComparison.Ordinal);
        await Eventually.Until(async () => await node.ReadAsync(db => db.Posts.Cacheable().CountAsync()) is { Outcome: CacheOutcome.L1Hit });
        var before = (await node.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Value;
        await Seed.ExecuteAsync(database, """delete from "Posts" where "Id" = (select max("Id") from "Posts")""");
        await Eventually.Until(async () => (await node.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Value == before - 1);
        await Eventually.Until(async () => await node.ReadAsync(db => db.Posts.Cacheable().CountAsync()) is { Outcome: CacheOutcome.L1Hit });
    }

    private static BlogContext Context(string database) => new(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(database).UseFraiseQLState().Options);

    private static FaultyProxy Proxy(string database, out string through)
    {
        var address = new NpgsqlConnectionStringBuilder(database);
        var proxy = FaultyProxy.Start(address.Host!, address.Port);
        through = new NpgsqlConnectionStringBuilder(database) { Host = "127.0.0.1", Port = proxy.Port }.ConnectionString;
        return proxy;
    }
}
