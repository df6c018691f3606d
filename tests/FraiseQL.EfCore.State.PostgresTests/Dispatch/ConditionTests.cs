using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

public sealed class ConditionTests
{
    private const string Unused = "Host=127.0.0.1;Port=1;Username=u;Database=d";

    [Fact]
    [Feature("U-44-conditions")]
    [Feature("S6.1-on-updated")]
    public async Task A_condition_is_true_of_the_change_and_not_of_the_state()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var seen = new ConcurrentQueue<string>();
        await using var node = await HandlerNode.StartAsync(database, builder => builder
            .OnEvent<Order>(ChangeKind.Updated, Note("shipped"), h => h.When(e => e.ChangedTo(o => o.Status, OrderStatus.Shipped)))
            .OnEvent<Order>("order_updated", Note("moved"), h => h.When(e => e.ChangedFrom(o => o.PostId, 1) && e.Changed(o => o.PostId)))
            .OnEvent<Order>("order_deleted", Note("end")));
        await HandlerTests.ExecuteAsync(
            database,
            """
            insert into posts values (1, 'a', 0), (2, 'b', 0);
            insert into orders values (1, 'Shipped', null, 1), (2, 'Open', null, 1);
            update orders set status = 'Paid' where id = 2;
            update orders set status = 'Shipped' where id = 2;
            update orders set note = 'still shipped';
            update orders set post_id = 2 where id = 1;
            update orders set post_id = 1 where id = 1;
            update orders set post_id = null where id = 1;
            delete from orders
            """);
        await Eventually.Until(() => seen.Count(s => s.StartsWith("end", StringComparison.Ordinal)) == 2);

        Assert.Equal(["end order-2", "shipped order-2"], seen.Where(s => s.EndsWith('2')).Order());
        Assert.Equal(["end order-1", "moved order-1", "moved order-1"], seen.Where(s => s.EndsWith('1')).Order());

        Func<ChangeEvent<Order>, ChangeContext, CancellationToken, Task> Note(string what) => (change, _, _) =>
        {
            seen.Enqueue($"{what} {change.EntityId}");
            return Task.CompletedTask;
        };
    }

    [Fact]
    [Feature("U-44-conditions")]
    public async Task A_condition_that_the_log_cannot_answer_is_refused_when_the_host_starts()
    {
        var old = await RefusedAsync(b => b.OnEvent<Order>("order_updated", Nothing, h => h.When(e => e.ChangedFrom(o => o.Note, "x"))));
        Assert.Contains("ChangedFrom(p => p.Note)", old, StringComparison.Ordinal);
        Assert.Contains("DependsOn(p => p.Note)", old, StringComparison.Ordinal);
        Assert.Contains("PreImage()", old, StringComparison.Ordinal);
        var length = await RefusedAsync(b => b.OnEvent<Order>("order_updated", Nothing, h => h.When(e => e.ChangedTo(o => o.Note!.Length, 3))));
        Assert.Contains("is not a property of the entity", length, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-16-preimage")]
    [Feature("U-17-column-filter")]
    public async Task With_the_row_before_the_change_every_column_has_an_old_value_and_hidden_ones_have_none()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var seen = new ConcurrentQueue<string>();
        await using var node = await HandlerNode.StartAsync(database, builder => builder
            .OnEvent<Parcel>("parcel_updated", Note, h => h.When(e => e.ChangedFrom(p => p.Label, "a") || e.Changed(p => p.Code)))
            .OnEvent<Parcel>("parcel_deleted", Note));
        await HandlerTests.ExecuteAsync(
            database,
            """
            insert into "Parcels" values (1, 'a', 'x', 'y'), (2, 'b', 'x', 'y');
            update "Parcels" set "Label" = 'c';
            update "Parcels" set "Secret" = 'z';
            update "Parcels" set "Code" = 'w' where "Id" = 2;
            delete from "Parcels"
            """);
        await Eventually.Until(() => seen.Count == 4);
        Assert.Equal(
            ["parcel_deleted parcel-1 c", "parcel_deleted parcel-2 c", "parcel_updated parcel-1 a", "parcel_updated parcel-2 c"],
            seen.Order(StringComparer.Ordinal));

        var secret = await RefusedAsync(b => b.OnEvent<Parcel>("parcel_updated", (_, _, _) => Task.CompletedTask, h => h.When(e => e.Changed(p => p.Secret))));
        Assert.Contains("Secret", secret, StringComparison.Ordinal);
        var code = await RefusedAsync(b => b.OnEvent<Parcel>("parcel_updated", (_, _, _) => Task.CompletedTask, h => h.When(e => e.ChangedTo(p => p.Code, "w"))));
        Assert.Contains("Code", code, StringComparison.Ordinal);

        Task Note(ChangeEvent<Parcel> change, ChangeContext context, CancellationToken cancellationToken)
        {
            var label = change.Changes.TryGetValue("Label", out var changed) ? changed.Old!.Value : change.Payload.GetProperty("Label");
            seen.Enqueue($"{change.Type} {change.EntityId} {label}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    [Feature("S2.2-type")]
    public async Task One_kind_of_an_entitys_events_may_have_a_name_of_its_own_and_then_has_no_other()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var seen = new ConcurrentQueue<string>();
        await using var node = await HandlerNode.StartAsync(database, builder => builder
            .OnEvent<Parcel>("parcel_sent", (e, _, _) =>
            {
                seen.Enqueue($"{e.Type} {e.Kind} {e.EntityId}");
                return Task.CompletedTask;
            }));
        await HandlerTests.ExecuteAsync(database, "insert into \"Parcels\" values (1, 'a', 'x', 'y'); update \"Parcels\" set \"Label\" = 'c'");
        await Eventually.Until(() => !seen.IsEmpty);
        Assert.Equal(["parcel_sent Created parcel-1"], seen);
        Assert.Contains("parcel_sent", await RefusedAsync(b => b.OnEvent<Parcel>("parcel_created", (_, _, _) => Task.CompletedTask)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_without_handlers_and_an_inbox_on_every_node_are_refused_when_the_host_starts()
    {
        Assert.Contains("no handler is in that group", await RefusedAsync(b => b.OnEvent<Order>("order_updated", Nothing).ConfigureHandlers("x", _ => { })), StringComparison.Ordinal);
        Assert.Contains("Broadcast() and WithInbox()", await RefusedAsync(b => b.OnEvent<Order>("order_updated", Nothing, h => h.Broadcast().WithInbox())), StringComparison.Ordinal);
        Assert.Contains(
            "inbox name \"a\"",
            await RefusedAsync(b => b.OnEvent<Order>("order_updated", Nothing, h => h.WithInbox("a")).OnEvent<Order>("order_created", Nothing, h => h.WithInbox("a"))),
            StringComparison.Ordinal);
    }

    private static Task Nothing(ChangeEvent<Order> change, ChangeContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task<string> RefusedAsync(Action<FraiseQLStateBuilder> handlers)
    {
        await using var node = HandlerNode.Create(Unused, handlers);
        return (await Assert.ThrowsAsync<InvalidOperationException>(node.StartAsync)).Message;
    }
}
