using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Cache;

[Feature("B-04-column-mask")]
public sealed class ColumnMaskTests
{
    private const ulong Title = ColumnMask.Existence | 1;
    private const ulong TitleUpdate = ColumnMask.Untold | 1;
    private const ulong ViewsUpdate = ColumnMask.Untold | 2;

    private readonly FreshnessLedger _ledger = new(listening: true, new FakeTimeProvider(), TimeSpan.FromSeconds(5));

    public ColumnMaskTests()
    {
        _ledger.CoverageStarted(Snapshot(10));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(10));
    }

    [Fact]
    public void A_change_of_other_columns_leaves_an_entry_and_one_of_its_own_ends_it()
    {
        var entry = Filled(Snapshot(10));
        Logged(11, ViewsUpdate);
        Assert.Equal(Freshness.Fresh, Check(entry, Title));
        Logged(12, TitleUpdate);
        Assert.Equal(Freshness.Stale, Check(entry, Title));
    }

    [Fact]
    public void An_insert_or_delete_ends_an_entry_that_reads_no_column_and_an_update_does_not()
    {
        var count = Filled(Snapshot(10));
        Logged(11, TitleUpdate);
        Assert.Equal(Freshness.Fresh, Check(count, ColumnMask.Existence));
        Logged(12, ColumnMask.All);
        Assert.Equal(Freshness.Stale, Check(count, ColumnMask.Existence));
    }

    [Fact]
    public void Who_cannot_say_what_it_reads_is_ended_by_every_update()
    {
        var entry = Filled(Snapshot(10));
        Logged(11, ColumnMask.Untold);
        Assert.Equal(Freshness.Stale, Check(entry, ColumnMask.All));
    }

    [Fact]
    public void An_entry_of_another_node_is_proven_column_by_column_however_often_others_changed()
    {
        Logged(11, TitleUpdate);
        for (var transaction = 12UL; transaction < 60; transaction++)
        {
            Logged(transaction, ViewsUpdate);
        }

        Assert.Equal(Freshness.Fresh, Check(Foreign(Snapshot(12)), Title));
        Assert.Equal(Freshness.Stale, Check(Foreign(Snapshot(11)), Title));
        Assert.Equal(Freshness.Stale, Check(Foreign(Snapshot(12)), ColumnMask.All));
    }

    [Fact]
    public void A_local_write_ends_what_reads_its_columns_and_holds_the_rest_back_until_the_log_has_told()
    {
        var (title, views) = (Filled(Snapshot(10)), Filled(Snapshot(10)));
        _ledger.BumpLocal([new(1, ViewsUpdate)]);
        Assert.Equal(Freshness.Stale, Check(views, ColumnMask.Existence | 2));
        Assert.Equal(Freshness.Pending, Check(title, Title));
        var poll = _ledger.PollStarting();
        Logged(11, ViewsUpdate);
        _ledger.CaughtUp(poll, Snapshot(12));
        Assert.Equal(Freshness.Fresh, Check(title, Title));
    }

    [Fact]
    public void What_a_trigger_changed_beside_a_local_write_ends_its_readers_when_the_log_tells_it()
    {
        var title = Filled(Snapshot(10));
        _ledger.BumpLocal([new(1, ViewsUpdate)]);
        var poll = _ledger.PollStarting();
        Logged(11, ViewsUpdate | TitleUpdate);
        _ledger.CaughtUp(poll, Snapshot(12));
        Assert.Equal(Freshness.Stale, Check(title, Title));
    }

    [Fact]
    public void Of_many_sets_of_columns_some_are_put_together_and_nothing_is_forgotten()
    {
        var entry = Filled(Snapshot(10));
        Logged(11, ColumnMask.Untold | (1UL << 40));
        for (var column = 1; column < 20; column++)
        {
            Logged((ulong)(11 + column), ColumnMask.Untold | (1UL << column));
        }

        Assert.Equal(Freshness.Stale, Check(entry, ColumnMask.Existence | (1UL << 40)));
        Assert.Equal(Freshness.Fresh, Check(entry, ColumnMask.Existence | (1UL << 50)));
    }

    /// <summary>Against a ledger of one set of columns per cell, which remembers all: it may be stricter than that, and never laxer.</summary>
    [Fact]
    public void Random_changes_never_leave_an_entry_that_reads_what_they_changed()
    {
        var fresh = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var time = new FakeTimeProvider();
            var ledger = new FreshnessLedger(listening: true, time, TimeSpan.FromSeconds(5));
            ledger.CoverageStarted(Snapshot(10));
            var changes = new List<(ulong Transaction, ulong Columns)>();
            var local = new List<(int After, ulong Columns)>();
            var entries = new List<(CachedEntry Entry, PgSnapshot Seen, int Local)>();
            var next = 10UL;
            for (var step = 0; step < 60; step++)
            {
                var columns = ColumnMask.Untold | (1UL << random.Next(6));
                switch (random.Next(5))
                {
                    case 0:
                        ledger.BumpLocal([new(1, columns)]);
                        local.Add((changes.Count, columns));
                        var poll = ledger.PollStarting();
                        ledger.BumpLogged(1, next, columns, default);
                        changes.Add((next++, columns));
                        ledger.CaughtUp(poll, Snapshot(next));
                        break;
                    case 1:
                        entries.Add((Entry(Snapshot(next), ledger.Stamp()), Snapshot(next), local.Count));
                        break;
                    case 2:
                        entries.Add((Foreign(Snapshot(next - (ulong)random.Next(3))), Snapshot(next), local.Count));
                        entries[^1] = entries[^1] with { Seen = entries[^1].Entry.Snapshot! };
                        break;
                    default:
                        var token = ledger.PollStarting();
                        ledger.BumpLogged(1, next, columns, default);
                        changes.Add((next++, columns));
                        ledger.CaughtUp(token, Snapshot(next));
                        break;
                }

                foreach (var (entry, seen, _) in entries)
                {
                    var reads = ColumnMask.Existence | (1UL << random.Next(6));
                    if (ledger.Check(entry, [1], [reads], []) == Freshness.Fresh)
                    {
                        fresh++;
                        Assert.DoesNotContain(changes, c => (c.Columns & reads) != 0 && !seen.Sees(c.Transaction));

                        // What it was checked for it is checked for once: another reader of the same entry does not exist.
                        entries.RemoveAll(e => ReferenceEquals(e.Entry, entry));
                        break;
                    }
                }
            }
        }

        Assert.True(fresh > 1000, $"only {fresh} were fresh");
    }

    private Freshness Check(CachedEntry entry, ulong reads) => _ledger.Check(entry, [1], [reads], []);

    private void Logged(ulong transaction, ulong columns) => _ledger.BumpLogged(1, transaction, columns, default);

    private static PgSnapshot Snapshot(ulong next) => new(next, next, []);

    private CachedEntry Filled(PgSnapshot seen) => Entry(seen, _ledger.Stamp());

    private static CachedEntry Foreign(PgSnapshot seen) => Entry(seen, CachedEntry.NeverValidated);

    private static CachedEntry Entry(PgSnapshot seen, long stamp)
        => new(new RowSet(0, [], []), seen, DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(1), stamp);
}
