using FraiseQL.EfCore.State.PostgresTests.Dispatch;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

/// <summary>What wakes the listener is a hint: events come from the log.</summary>
public sealed class TransportTests
{
    [Fact]
    [Feature("U-08-notify-wakeup")]
    public async Task Without_any_notification_every_change_is_seen_in_order()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"), o => o.Transport = CdcTransport.Poll);
        await HandlerTests.ExecuteAsync(database, "set fraiseql.quiet = 'on'; insert into posts values (1, 'a', 0)");
        await HandlerTests.ExecuteAsync(database, "set fraiseql.quiet = 'on'; update posts set title = 'b'; delete from posts");
        await Eventually.Until(() => handled.Count == 3);
        Assert.Equal(["post_created", "post_updated", "post_deleted"], handled.Of(1));
        Assert.Equal(0, await HandlerTests.CountAsync(
            database, "select count(*) from pg_stat_activity where datname = current_database() and query ilike '%listen fraiseql%' and pid <> pg_backend_pid()"));
    }

    [Fact]
    [Feature("U-08-notify-wakeup")]
    public async Task Forged_and_malformed_notifications_change_nothing()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"));
        await HandlerTests.ExecuteAsync(
            database,
            """
            select pg_notify('fraiseql_events', p) from unnest(array['', '{"seq": 1', 'post_deleted', repeat('x', 7999), '-1; drop table posts', E'\u0001ü']) p;
            insert into posts values (1, 'a', 0);
            notify fraiseql_events, 'another'
            """);
        await Eventually.Until(() => handled.Count == 1);
        Assert.Equal(["post_created"], handled.Of(1));
        Assert.Equal(0, node.Said(FraiseQLStateEventId.ListenerConnectionLost));
    }

    [Fact]
    [Feature("U-09-notify-coalesce")]
    public async Task A_transport_that_does_not_exist_yet_is_refused_with_those_that_do()
    {
        await using var node = HandlerNode.Create(
            "Host=127.0.0.1;Port=1;Username=u;Database=d", static _ => { }, o => o.Transport = CdcTransport.LogicalReplication);
        var error = await Assert.ThrowsAsync<OptionsValidationException>(node.StartAsync);
        Assert.Contains("Cdc:Transport is LogicalReplication", error.Message, StringComparison.Ordinal);
        Assert.Contains("Notify", error.Message, StringComparison.Ordinal);
        Assert.Contains("Poll", error.Message, StringComparison.Ordinal);
    }
}
