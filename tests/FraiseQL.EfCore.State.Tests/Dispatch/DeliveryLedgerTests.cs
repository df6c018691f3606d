using CsCheck;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Tests.Dispatch;

[Feature("S2.4-at-least-once")]
public sealed class DeliveryLedgerTests
{
    private static readonly EventShape Shape = new("post", ["id"], false, null, []);

    [Fact]
    public void A_checkpoint_never_passes_what_is_not_done_and_ends_at_the_end()
        => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 7], Gen.Int[0, 1_000_000]).Sample((count, windowSize, seed) =>
        {
            var random = new Random(seed);
            var start = LogPlace.At(new PgSnapshot(1, 1, []));
            var ledger = new DeliveryLedger(start);
            var open = new List<Delivery>();
            var done = new HashSet<long>();
            var end = start;
            for (var seq = 1; seq <= count || open.Count > 0;)
            {
                if (seq <= count && (open.Count == 0 || random.Next(2) == 0))
                {
                    var window = (ulong)((seq - 1) / windowSize);
                    var place = new LogPlace(new PgSnapshot(window + 1, window + 1, []), new PgSnapshot(window + 2, window + 2, []), seq - 1);
                    var delivery = Delivery(seq, place);
                    ledger.Add(delivery);
                    open.Add(delivery);
                    end = seq % windowSize == 0 ? LogPlace.At(place.To!) : place with { Seq = seq };
                    ledger.Read(end, found: true);
                    seq++;
                }
                else
                {
                    var delivery = open[random.Next(open.Count)];
                    open.Remove(delivery);
                    done.Add(delivery.Record.Change.Seq);
                    ledger.Done(delivery);
                }

                var checkpoint = ledger.Checkpoint(out _);
                var covered = checkpoint.To is null ? ((long)checkpoint.From.Xmax - 1) * windowSize : checkpoint.Seq;
                Assert.All(Enumerable.Range(1, (int)Math.Min(covered, count)), n => Assert.Contains(n, done));
            }

            Assert.Equal(end, ledger.Checkpoint(out _));
        });

    [Fact]
    public void Only_what_moved_is_worth_a_checkpoint()
    {
        var ledger = new DeliveryLedger(LogPlace.At(PgSnapshot.Beginning));
        ledger.Checkpoint(out var changed);
        Assert.False(changed);
        ledger.Read(LogPlace.At(new PgSnapshot(5, 5, [])), found: false);
        Assert.Equal(5ul, ledger.Checkpoint(out changed).From.Xmax);
        Assert.False(changed);
        ledger.Read(LogPlace.At(new PgSnapshot(6, 6, [])), found: true);
        ledger.Checkpoint(out changed);
        Assert.True(changed);
    }

    private static Delivery Delivery(long seq, LogPlace place)
        => new(new EventRecord(
            new ChangeRecord(seq, 1, default, "Post", "public.posts", ChangeKind.Created, $$"""{"id": {{seq}}}""", null, null, null, null), Shape, "e"), [], place);
}
