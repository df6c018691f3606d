using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Cache;

/// <summary>Since when an entry may be out of date: never later than the truth.</summary>
[Feature("S0-state-model")]
public sealed class StalenessTests
{
    private static readonly int[] s_none = [];
    private readonly FakeTimeProvider _time = new();
    private readonly FreshnessLedger _ledger;
    private ulong _transaction = 10;

    public StalenessTests() => _ledger = new FreshnessLedger(listening: true, _time, TimeSpan.FromSeconds(5));

    [Fact]
    public void An_entry_that_nothing_has_ended_is_as_old_as_the_last_look_and_one_that_was_ended_as_the_look_before_that_change()
    {
        _ledger.CoverageStarted(Snapshot());
        var entry = Filled();
        Assert.Equal(0, Age(entry));
        Look();
        Wait(3);
        Assert.Equal(3, Age(entry));

        // The change was committed at some moment after the last look.
        Look(changed: 1);
        Assert.Equal(3, Age(entry));
        Wait(2);
        Look(changed: 1);
        Wait(2);
        Assert.Equal(7, Age(entry));
    }

    [Fact]
    public void What_this_process_has_written_counts_from_the_write()
    {
        _ledger.CoverageStarted(Snapshot());
        var entry = Filled();
        Age(entry);
        Wait(3);
        Look();
        _ledger.BumpLocal([KeyValuePair.Create(1, ColumnMask.All)]);
        Wait(1);
        Assert.Equal(1, Age(entry));
    }

    [Fact]
    public void Of_many_changes_the_first_counts_and_where_it_is_forgotten_the_last_time_when_the_entry_was_fresh()
    {
        _ledger.CoverageStarted(Snapshot());
        var entry = Filled();
        Age(entry);
        entry.SeenFresh(_ledger.KnownAt);
        for (var i = 0; i < 8; i++)
        {
            Wait(1);
            Look(changed: 1);
        }

        Assert.Equal(8, Age(entry));
        for (var i = 0; i < 8; i++)
        {
            Wait(1);
            Look(changed: 1);
        }

        Assert.Equal(16, Age(entry));
        Assert.Null(Age(Filled(stamp: entry.ValidatedEpoch)));

        // One that has seen all but the last few is judged by those.
        var later = Filled();
        Wait(1);
        Look(changed: 1);
        Wait(1);
        Look();
        Assert.Equal(2, Age(later));
    }

    [Fact]
    public void Other_cells_do_not_count()
    {
        _ledger.CoverageStarted(Snapshot());
        var entry = Filled();
        Age(entry);
        for (var i = 0; i < 20; i++)
        {
            Wait(1);
            Look(changed: 2);
        }

        Assert.Equal(0, Age(entry));
    }

    [Fact]
    public void What_was_ended_by_a_call_or_with_everything_has_no_age_that_anybody_accepts()
    {
        _ledger.CoverageStarted(Snapshot());
        var called = Filled();
        var told = Filled();
        Age(called);
        _ledger.InvalidateLocal([1]);
        Assert.Null(Age(called));
        _ledger.InvalidateLogged([1], 10, default);
        Assert.Null(Age(told));

        var after = Filled();
        Look(changed: 1);
        Assert.NotNull(Age(after));
        _ledger.DistrustAll();
        Assert.Null(Age(after));
    }

    private double? Age(CachedEntry entry)
        => _ledger.MayBeStaleSince(entry, [1], s_none) is { } since ? _time.GetElapsedTime(since).TotalSeconds : null;

    private void Wait(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private void Look(int? changed = null)
    {
        var poll = _ledger.PollStarting();
        if (changed is { } cell)
        {
            _ledger.BumpLogged(cell, _transaction++, ColumnMask.All, default);
        }

        _ledger.CaughtUp(poll, Snapshot());
    }

    private PgSnapshot Snapshot() => new(_transaction, _transaction, []);

    private CachedEntry Filled(long? stamp = null)
        => new(new RowSet(0, [], []), Snapshot(), _time.GetUtcNow(), TimeSpan.FromHours(1), stamp ?? _ledger.Stamp());
}
