using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Model;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>Hands what the listener reads to every broadcast consumer, and keeps one that throws from harming the others or the listener.</summary>
/// <remarks>One caller at a time. A consumer that threw may have missed a change, so it is told to start over, until it manages.</remarks>
internal sealed class BroadcastFanOut(IReadOnlyList<IBroadcastConsumer> consumers, ILogger logger)
{
    private readonly bool[] _failed = new bool[consumers.Count];
    private long[] _polls = new long[consumers.Count];

    public void CoverageStarted(PgSnapshot from)
    {
        for (var i = 0; i < consumers.Count; i++)
        {
            _failed[i] = !Try(i, consumer => consumer.CoverageStarted(from));
        }
    }

    public void Follows(LogIdentity log) => All(consumer => consumer.Follows(log));

    public bool WantsPast => consumers.Any(consumer => consumer.WantsPast);

    public void PastStarting() => AllThatWantPast(consumer => consumer.PastStarting());

    public void PastChanged(IReadOnlyList<ChangeRecord> changes, PgSnapshot seen) => AllThatWantPast(consumer => consumer.PastChanged(changes, seen));

    public void PastKnown(PgSnapshot from) => AllThatWantPast(consumer => consumer.PastKnown(from));

    public void CaptureVerified(IReadOnlySet<string> relations) => All(consumer => consumer.CaptureVerified(relations));

    public void CatalogRead(DatabaseCatalog catalog) => All(consumer => consumer.CatalogRead(catalog));

    public void PollStarting()
    {
        _polls = new long[consumers.Count];
        for (var i = 0; i < consumers.Count; i++)
        {
            var index = i;
            _failed[i] |= !Try(i, consumer => _polls[index] = consumer.PollStarting());
        }
    }

    public bool WantsRows => consumers.Any(consumer => consumer.WantsRows);

    public void Changed(PgSnapshot from, PgSnapshot to, IReadOnlyList<ChangeRecord> changes) => All(consumer =>
    {
        consumer.WindowReached(from, to);
        consumer.Changed(changes);
    });

    public void CaughtUp(PgSnapshot position)
    {
        for (var i = 0; i < consumers.Count; i++)
        {
            var poll = _polls[i];
            _failed[i] = _failed[i]
                ? !Try(i, consumer => consumer.CoverageStarted(position))
                : !Try(i, consumer => consumer.CaughtUp(poll, position));
        }
    }

    // One that failed has missed some of it; it is told to start over, as after any failure.
    private void AllThatWantPast(Action<IBroadcastConsumer> tell)
    {
        for (var i = 0; i < consumers.Count; i++)
        {
            if (!_failed[i] && consumers[i].WantsPast)
            {
                _failed[i] = !Try(i, tell);
            }
        }
    }

    private void All(Action<IBroadcastConsumer> tell)
    {
        for (var i = 0; i < consumers.Count; i++)
        {
            _failed[i] |= !Try(i, tell);
        }
    }

    private bool Try(int index, Action<IBroadcastConsumer> tell)
    {
        try
        {
            tell(consumers[index]);
            return true;
        }
#pragma warning disable CA1031 // whatever it is, it must not end the listener
        catch (Exception error)
#pragma warning restore CA1031
        {
            logger.BroadcastConsumerFailed(error, consumers[index].GetType().Name);
            return false;
        }
    }
}
