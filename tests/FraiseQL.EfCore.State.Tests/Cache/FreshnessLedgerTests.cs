using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Cache;

[Feature("B-02-proof")]
public sealed class FreshnessLedgerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FreshnessLedger _ledger;
    private static readonly int[] s_none = [];

    public FreshnessLedgerTests() => _ledger = new FreshnessLedger(listening: true, _time, TimeSpan.FromSeconds(5));

    [Fact]
    public void Before_the_listener_has_begun_nothing_is_served()
        => Assert.Equal(Freshness.Silent, _ledger.Check(Filled(Snapshot(10)), [1], null, s_none));

    [Fact]
    public void An_entry_is_fresh_until_one_of_its_cells_is_bumped()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var entry = Filled(Snapshot(10));
        _ledger.BumpLocal([new(2, ColumnMask.All)]);
        Assert.Equal(Freshness.Fresh, _ledger.Check(entry, [1], null, s_none));
        _ledger.BumpLocal([new(1, ColumnMask.All)]);
        Assert.Equal(Freshness.Stale, _ledger.Check(entry, [1], null, s_none));
    }

    [Fact]
    public void A_stamp_from_before_a_bump_is_stale_however_late_the_entry_is_made()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var stamp = _ledger.Stamp();
        _ledger.BumpLocal([new(1, ColumnMask.All)]);
        Assert.Equal(Freshness.Stale, _ledger.Check(Entry(Snapshot(10), stamp), [1], null, s_none));
    }

    [Fact]
    public void An_event_that_the_rows_had_seen_does_not_end_them_and_one_that_they_had_not_does()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var sees = Filled(Snapshot(12));
        var doesNot = Filled(Snapshot(11));
        _ledger.BumpLogged(1, 11, ColumnMask.All, default);
        Assert.Equal(Freshness.Fresh, _ledger.Check(sees, [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(doesNot, [1], null, s_none));
    }

    [Fact]
    public void An_own_write_and_then_its_event_end_an_entry_once()
    {
        _ledger.CoverageStarted(Snapshot(10));
        _ledger.BumpLocal([new(1, ColumnMask.All)]);
        var refilled = Filled(Snapshot(12));
        _ledger.BumpLogged(1, 11, ColumnMask.All, default);
        Assert.Equal(Freshness.Fresh, _ledger.Check(refilled, [1], null, s_none));
    }

    [Fact]
    public void Rows_that_have_seen_a_later_transaction_but_not_an_earlier_one_are_stale()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var entry = Filled(new PgSnapshot(11, 13, [11]));
        _ledger.BumpLogged(1, 11, ColumnMask.All, default);
        _ledger.BumpLogged(1, 12, ColumnMask.All, default);
        Assert.Equal(Freshness.Stale, _ledger.Check(entry, [1], null, s_none));
    }

    [Fact]
    public void An_entry_of_another_node_needs_a_snapshot_within_this_nodes_coverage()
    {
        _ledger.CoverageStarted(Snapshot(20));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(20));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(19)), [1], null, s_none));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(20)), [1], null, s_none));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(30)), [1], null, s_none));
    }

    [Fact]
    public void An_entry_of_another_node_is_not_taken_after_a_local_write_until_the_log_covers_it()
    {
        _ledger.CoverageStarted(Snapshot(20));
        _ledger.BumpLocal([new(1, ColumnMask.All)]);
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(25)), [1], null, s_none));
        var poll = _ledger.PollStarting();
        _ledger.CaughtUp(poll, Snapshot(24));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(25)), [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(23)), [1], null, s_none));
    }

    [Fact]
    public void A_poll_that_began_before_a_local_write_does_not_cover_it()
    {
        _ledger.CoverageStarted(Snapshot(20));
        var poll = _ledger.PollStarting();
        _ledger.BumpLocal([new(1, ColumnMask.All)]);
        _ledger.CaughtUp(poll, Snapshot(24));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(25)), [1], null, s_none));
    }

    [Fact]
    public void Many_transactions_on_one_cell_are_still_proven_one_way_or_the_other()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var old = Filled(Snapshot(10));
        for (ulong transaction = 10; transaction < 40; transaction++)
        {
            _ledger.BumpLogged(1, transaction, ColumnMask.All, default);
        }

        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(40));
        Assert.Equal(Freshness.Stale, _ledger.Check(old, [1], null, s_none));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(40)), [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(39)), [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(12)), [1], null, s_none));
    }

    [Fact]
    public void What_lies_before_the_coverage_is_proven_once_it_has_been_replayed()
    {
        _ledger.CoverageStarted(new PgSnapshot(15, 20, [15]));
        _ledger.ReplayStarting();
        _ledger.BumpLogged(1, 12, ColumnMask.All, default);
        _ledger.Replayed(Snapshot(13));
        Assert.Equal(Freshness.Silent, _ledger.Check(Foreign(Snapshot(13)), [1], null, s_none));
        _ledger.PastKnown(Snapshot(10));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(20));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(13)), [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(12)), [1], null, s_none));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(12)), [2], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(9)), [2], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(new PgSnapshot(9, 30, [9])), [2], null, s_none));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(new PgSnapshot(14, 30, [14])), [1], null, s_none));

        // What began anew knows nothing of a past that was replayed before.
        _ledger.CoverageStarted(Snapshot(40));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(39)), [2], null, s_none));
    }

    [Fact]
    public void Of_a_cell_that_many_transactions_of_the_past_have_changed_an_entry_between_two_positions_is_proven()
    {
        _ledger.CoverageStarted(Snapshot(100));
        for (ulong transaction = 10; transaction < 60; transaction++)
        {
            _ledger.BumpLogged(1, transaction, ColumnMask.All, default);
            _ledger.Replayed(Snapshot(transaction + 1));
        }

        _ledger.PastKnown(Snapshot(10));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(100));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(60)), [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(59)), [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(20)), [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(new PgSnapshot(30, 70, [30])), [1], null, s_none));
    }

    [Fact]
    public void A_local_write_during_the_replay_is_not_covered_by_it()
    {
        _ledger.CoverageStarted(Snapshot(20));
        _ledger.BumpLocal([new(1, ColumnMask.All)]);
        _ledger.Replayed(Snapshot(20));
        _ledger.PastKnown(Snapshot(10));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(25)), [1], null, s_none));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(24));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(25)), [1], null, s_none));
    }

    [Fact]
    public void A_pending_write_holds_entries_back_until_the_log_has_told_and_leaves_those_it_did_not_concern()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var concerned = Filled(Snapshot(10));
        var other = Filled(Snapshot(10));
        _ledger.BumpPending([9]);
        Assert.Equal(Freshness.Pending, _ledger.Check(concerned, [1], null, [9]));
        Assert.Equal(Freshness.Pending, _ledger.Check(other, [2], null, [9]));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Filled(Snapshot(12)), [1], null, [9]));
        var poll = _ledger.PollStarting();
        _ledger.BumpLogged(1, 11, ColumnMask.All, default);
        _ledger.CaughtUp(poll, Snapshot(12));
        Assert.Equal(Freshness.Stale, _ledger.Check(concerned, [1], null, [9]));
        Assert.Equal(Freshness.Fresh, _ledger.Check(other, [2], null, [9]));
    }

    [Fact]
    public void An_unknown_write_holds_everything_back_until_the_log_has_told()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var entry = Filled(Snapshot(10));
        _ledger.BumpUnknown();
        Assert.Equal(Freshness.Pending, _ledger.Check(entry, [1], null, s_none));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(12));
        Assert.Equal(Freshness.Fresh, _ledger.Check(entry, [1], null, s_none));
    }

    [Fact]
    [Feature("S3.3-stale-risk")]
    public void Beyond_the_bound_of_silence_nothing_is_served_until_the_node_has_caught_up()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var entry = Filled(Snapshot(10));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Freshness.Fresh, _ledger.Check(entry, [1], null, s_none));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Freshness.Silent, _ledger.Check(entry, [1], null, s_none));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(11));
        Assert.Equal(Freshness.Fresh, _ledger.Check(entry, [1], null, s_none));
    }

    [Fact]
    [Feature("S3.3-stale-risk")]
    public void A_node_that_stood_still_in_the_middle_of_a_look_has_heard_nothing_since_the_look_began()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var entry = Filled(Snapshot(10));
        var poll = _ledger.PollStarting();
        _time.Advance(TimeSpan.FromSeconds(6));
        _ledger.CaughtUp(poll, Snapshot(11));
        Assert.Equal(Freshness.Silent, _ledger.Check(entry, [1], null, s_none));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(12));
        Assert.Equal(Freshness.Fresh, _ledger.Check(entry, [1], null, s_none));
    }

    [Fact]
    public void An_entry_of_another_node_waits_for_the_first_look_at_the_log()
    {
        _ledger.CoverageStarted(Snapshot(20));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(20)), [1], null, s_none));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(21));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(20)), [1], null, s_none));
    }

    [Fact]
    public void When_coverage_begins_anew_all_that_was_cached_before_is_distrusted()
    {
        _ledger.CoverageStarted(Snapshot(10));
        var entry = Filled(Snapshot(10));
        _ledger.CoverageStarted(Snapshot(50));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(50));
        Assert.Equal(Freshness.Stale, _ledger.Check(entry, [1], null, s_none));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(49)), [1], null, s_none));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(50)), [1], null, s_none));
    }

    [Fact]
    public void What_was_dropped_on_purpose_does_not_come_back_from_another_node()
    {
        _ledger.CoverageStarted(Snapshot(10));
        _ledger.DistrustAll();
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(12)), [1], null, s_none));
        _ledger.CaughtUp(_ledger.PollStarting(), Snapshot(14));
        Assert.Equal(Freshness.Stale, _ledger.Check(Foreign(Snapshot(12)), [1], null, s_none));
        Assert.Equal(Freshness.Fresh, _ledger.Check(Foreign(Snapshot(14)), [1], null, s_none));
    }

    [Fact]
    public void Without_a_listener_only_own_writes_count_and_nothing_of_other_nodes_is_taken()
    {
        var alone = new FreshnessLedger(listening: false, _time, TimeSpan.FromSeconds(5));
        var entry = Entry(null, alone.Stamp());
        Assert.Equal(Freshness.Fresh, alone.Check(entry, [1], null, s_none));
        Assert.Equal(Freshness.Stale, alone.Check(Foreign(Snapshot(10)), [1], null, s_none));
        alone.BumpUnknown();
        Assert.Equal(Freshness.Stale, alone.Check(entry, [1], null, s_none));
    }

    [Fact]
    public void A_trigger_that_is_lost_ends_what_it_guarded()
    {
        _ledger.CoverageStarted(Snapshot(10));
        _ledger.CaptureVerified(new HashSet<string> { "a", "b" });
        var entry = Filled(Snapshot(10));
        _ledger.CaptureVerified(new HashSet<string> { "a" });
        Assert.Equal(Freshness.Fresh, _ledger.Check(entry, [1], null, s_none));
        _ledger.CaptureVerified(new HashSet<string> { "a", "b" });
        Assert.Equal(Freshness.Stale, _ledger.Check(entry, [1], null, s_none));
    }

    private static PgSnapshot Snapshot(ulong xmax) => new(xmax, xmax, []);

    private static CachedEntry Entry(PgSnapshot? snapshot, long stamp) => new(new RowSet(0, [], []), snapshot, default, TimeSpan.FromMinutes(1), stamp);

    private static CachedEntry Foreign(PgSnapshot snapshot) => Entry(snapshot, CachedEntry.NeverValidated);

    private CachedEntry Filled(PgSnapshot snapshot) => Entry(snapshot, _ledger.Stamp());
}
