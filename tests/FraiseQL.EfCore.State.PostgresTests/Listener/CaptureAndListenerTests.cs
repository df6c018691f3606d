using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.PostgresTests.Dispatch;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

/// <summary>The listener together with the triggers that a model really has.</summary>
public sealed class CaptureAndListenerTests
{
    [Fact]
    [Feature("S2.1-pg-notify")]
    [Feature("S0-cdc-drives-all")]
    public async Task The_triggers_wake_the_listener_and_it_the_handlers_without_any_poll()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddFakeLogging();
        builder.Services.AddDbContext<ShopContext>(o => o.UseNpgsql(database).UseFraiseQLState());
        handled.On("a")(builder.Services.AddFraiseQLState<ShopContext>(configure: options =>
        {
            options.Cdc.PollInterval = TimeSpan.FromMinutes(1);
            options.Cdc.IdlePollInterval = TimeSpan.FromMinutes(5);
            options.Consistency.MaxSilence = TimeSpan.FromMinutes(10);
        }));
        using var host = builder.Build();
        await host.StartAsync();
        await Eventually.Until(() => host.Services.GetRequiredKeyedService<ListenerStatus>(typeof(ShopContext)).Connected);
        await Eventually.Until(() => host.Services.GetFakeLogCollector().GetSnapshot().Any(r => r.Id.Id == FraiseQLStateEventId.HandlersTaken));

        for (var n = 1; n <= 10; n++)
        {
            await HandlerTests.ExecuteAsync(database, $"insert into posts values ({n}, 'psql', 0)");
            var count = n;
            await Eventually.Until(() => handled.Count == count);
            await Task.Delay(30);
        }

        await host.StopAsync();
    }

    [Theory]
    [InlineData("factory")]
    [InlineData("pooled factory")]
    [InlineData("pool")]
    [InlineData("data source")]
    public async Task However_the_context_is_registered_the_listener_finds_its_database(string registration)
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await using var source = new NpgsqlDataSourceBuilder(database).Build();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        void Configure(DbContextOptionsBuilder options)
            => (registration == "data source" ? options.UseNpgsql(source) : options.UseNpgsql(database)).UseFraiseQLState();
        _ = registration switch
        {
            "factory" => builder.Services.AddDbContextFactory<ShopContext>(Configure),
            "pooled factory" => builder.Services.AddPooledDbContextFactory<ShopContext>(Configure),
            "pool" => builder.Services.AddDbContextPool<ShopContext>(Configure),
            _ => builder.Services.AddDbContext<ShopContext>(Configure),
        };
        builder.Services.AddFraiseQLState<ShopContext>();
        using var host = builder.Build();
        await host.StartAsync();
        var status = host.Services.GetRequiredKeyedService<ListenerStatus>(typeof(ShopContext));
        await Eventually.Until(() => status.Connected);
        Assert.Empty(status.CaptureProblems);
        await host.StopAsync();
    }

    [Fact]
    [Feature("S7.2-triggers")]
    public async Task A_disabled_trigger_is_said_and_so_is_its_return()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await HandlerTests.ExecuteAsync(database, "alter table posts disable trigger all");
        await using var node = await HandlerNode.StartAsync(database, _ => { }, runsHandlers: false);
        var said = Assert.Single(node.Log.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.CaptureIncomplete);
        Assert.Equal(LogLevel.Warning, said.Level);
        Assert.Contains("public.posts", said.Message, StringComparison.Ordinal);
        Assert.NotEmpty(node.Listener.CaptureProblems);

        await HandlerTests.ExecuteAsync(database, "alter table posts enable trigger all");
        await Eventually.Until(() => node.Said(FraiseQLStateEventId.CaptureRestored) == 1);
        Assert.Empty(node.Listener.CaptureProblems);
    }

    [Theory]
    [Feature("U-26-doctor")]
    [InlineData("drop schema fraiseql cascade", "has no event log", "dotnet ef database update", FraiseQLStateEventId.CaptureMissing)]
    [InlineData("drop trigger fraiseql_update on posts", "Changes of public.posts are not captured", "dotnet ef database update", FraiseQLStateEventId.CaptureIncomplete)]
    [InlineData("drop function fraiseql.\"public.posts\"() cascade", "Changes of public.posts are not captured", "IMigrationsSqlGenerator", FraiseQLStateEventId.CaptureIncomplete)]
    [InlineData("comment on function fraiseql.\"public.posts\"() is 'v1; schema=public; table=posts; entity=Post; key=id; columns=id'", "The functions fraiseql.\"public.posts\" are not what the migrations made", "dotnet ef migrations script", FraiseQLStateEventId.CaptureIncomplete)]
    [InlineData("alter table posts disable trigger fraiseql_insert", "public.posts are disabled", "ENABLE TRIGGER USER", FraiseQLStateEventId.CaptureIncomplete)]
    public async Task A_database_that_does_not_capture_the_model_is_said_at_the_start_with_what_to_run(string sql, string problem, string remedy, int eventId)
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        await HandlerTests.ExecuteAsync(database, sql);
        await using var node = HandlerNode.Create(database, _ => { });
        await node.StartAsync();
        await Eventually.Until(() => node.Said(eventId) > 0);

        var said = node.Log.GetSnapshot().First(r => r.Id.Id == eventId).Message;
        Assert.Contains(problem, said, StringComparison.Ordinal);
        Assert.Contains(remedy, said, StringComparison.Ordinal);
        Assert.Contains(problem, Assert.Single(node.Listener.CaptureProblems), StringComparison.Ordinal);
    }
}
