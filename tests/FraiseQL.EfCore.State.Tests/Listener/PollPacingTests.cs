using FraiseQL.EfCore.State.Listener;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Listener;

[Feature("U-08-notify-wakeup")]
public sealed class PollPacingTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly CdcOptions _options = new();

    [Fact]
    public void After_a_ring_it_keeps_looking_quickly_while_transactions_are_in_flight_but_not_for_ever()
    {
        var pacing = new PollPacing(_options, _time);
        Assert.Equal(PollPacing.Chase, pacing.Next(signs: true, found: false, inFlight: true));
        _time.Advance(TimeSpan.FromMilliseconds(199));
        Assert.Equal(PollPacing.Chase, pacing.Next(signs: false, found: false, inFlight: true));
        _time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Equal(_options.PollInterval, pacing.Next(signs: false, found: false, inFlight: true));
    }

    [Fact]
    public void After_a_change_it_looks_once_more_at_once()
    {
        var pacing = new PollPacing(_options, _time);
        Assert.Equal(PollPacing.Chase, pacing.Next(signs: true, found: true, inFlight: false));
        Assert.Equal(_options.PollInterval, pacing.Next(signs: false, found: false, inFlight: false));
    }

    [Fact]
    public void When_nothing_happens_the_pauses_grow_to_the_idle_interval_and_shrink_at_the_first_sign()
    {
        var pacing = new PollPacing(_options, _time);
        _time.Advance(TimeSpan.FromSeconds(6));
        var pauses = Enumerable.Range(0, 6).Select(_ => pacing.Next(signs: false, found: false, inFlight: true)).ToList();
        Assert.Equal([200, 400, 800, 1000, 1000, 1000], pauses.Select(p => (int)p.TotalMilliseconds));
        Assert.Equal(_options.PollInterval, pacing.Next(signs: true, found: false, inFlight: false));
    }
}
