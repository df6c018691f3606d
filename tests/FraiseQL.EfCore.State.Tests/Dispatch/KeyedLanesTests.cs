using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Tests.Dispatch;

[Feature("S2.3-per-entity")]
[Feature("S2.3-cross-entity")]
public sealed class KeyedLanesTests
{
    private static readonly EventShape Shape = new("post", ["id"], false, null, []);

    [Fact]
    public async Task Deliveries_of_one_key_never_overlap_and_keep_their_order_while_keys_run_beside_each_other()
    {
        var running = new ConcurrentDictionary<string, int>();
        var order = new ConcurrentDictionary<string, ConcurrentQueue<long>>();
        var most = 0;
        var lanes = new KeyedLanes<Delivery>(
            async (delivery, token) =>
            {
                var key = delivery.EntityKey.Key;
                Assert.Equal(1, running.AddOrUpdate(key, 1, (_, n) => n + 1));
                most = Math.Max(most, running.Values.Sum());
                await Task.Delay(1, token);
                order.GetOrAdd(key, _ => new()).Enqueue(delivery.Record.Change.Seq);
                running.AddOrUpdate(key, 0, (_, n) => n - 1);
            },
            default);
        for (var seq = 1; seq <= 600; seq++)
        {
            await lanes.EnqueueAsync(Delivery(seq, seq % 30), default);
        }

        await lanes.DrainAsync(default);
        Assert.Equal(600, order.Values.Sum(q => q.Count));
        Assert.All(order.Values, queue => Assert.Equal(queue.Order(), queue));
        Assert.True(most > 1);
        await lanes.StopAsync(default);
    }

    [Fact]
    public async Task Stopping_finishes_what_is_in_hand_and_drops_what_waits()
    {
        var gate = new Gate();
        var done = new ConcurrentQueue<long>();
        var lanes = new KeyedLanes<Delivery>(
            async (delivery, _) =>
            {
                await gate.PassAsync();
                done.Enqueue(delivery.Record.Change.Seq);
            },
            default);
        await lanes.EnqueueAsync(Delivery(1, 1), default);
        await lanes.EnqueueAsync(Delivery(2, 1), default);
        await gate.Arrived;
        var stopping = lanes.StopAsync(default);
        Assert.False(stopping.IsCompleted);
        gate.Open();
        await stopping;
        Assert.Equal([1L], done);
    }

    [Fact]
    public async Task An_impatient_stop_cancels_what_is_in_hand()
    {
        var gate = new Gate();
        using var impatience = new CancellationTokenSource();
        var lanes = new KeyedLanes<Delivery>(
            async (_, token) =>
            {
                gate.Open();
                await gate.PassAsync();
                await Task.Delay(Timeout.Infinite, token);
            },
            default);
        await lanes.EnqueueAsync(Delivery(1, 1), default);
        await gate.Arrived;
        var stopping = lanes.StopAsync(impatience.Token);
        await impatience.CancelAsync();
        await stopping;
        Assert.False(lanes.Failure.IsCompleted);
    }

    [Fact]
    public async Task A_failure_of_the_work_ends_the_lanes_without_blocking_the_producer()
    {
        var lanes = new KeyedLanes<Delivery>((_, _) => throw new InvalidOperationException("no"), default);
        for (var seq = 1; seq <= 500; seq++)
        {
            await lanes.EnqueueAsync(Delivery(seq, 1), default);
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => lanes.Failure);
        await lanes.StopAsync(default);
    }

    private static Delivery Delivery(long seq, int id)
        => new(
            new EventRecord(
                new ChangeRecord(seq, 1, default, "Post", "public.posts", ChangeKind.Created, $$"""{"id": {{id}}}""", null, null, null, null), Shape, "e"),
            [], LogPlace.At(PgSnapshot.Beginning));
}
