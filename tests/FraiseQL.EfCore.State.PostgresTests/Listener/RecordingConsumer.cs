using System.Collections.Concurrent;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

/// <summary>Remembers what the listener says, and fails on a call out of turn.</summary>
internal sealed class RecordingConsumer : IBroadcastConsumer
{
    private long _polls;
    private bool _covered;

    public ConcurrentQueue<ChangeRecord> Changes { get; } = new();

    public ConcurrentQueue<PgSnapshot> Coverages { get; } = new();

    public ConcurrentQueue<IReadOnlySet<string>> Verified { get; } = new();

    public volatile PgSnapshot? Position;

    public int CatchUps;

    public Action<IReadOnlyList<ChangeRecord>>? OnChanged { get; set; }

    public bool WantsRows => true;

    public void CoverageStarted(PgSnapshot from)
    {
        _covered = true;
        Coverages.Enqueue(from);
    }

    public long PollStarting() => ++_polls;

    public void Changed(IReadOnlyList<ChangeRecord> changes)
    {
        Assert.True(_covered);
        OnChanged?.Invoke(changes);
        foreach (var change in changes)
        {
            Changes.Enqueue(change);
        }
    }

    public void CaughtUp(long poll, PgSnapshot position)
    {
        Assert.Equal(_polls, poll);
        Assert.True(Position is null || position.Contains(Position));
        Position = position;
        Interlocked.Increment(ref CatchUps);
    }

    public void CaptureVerified(IReadOnlySet<string> relations) => Verified.Enqueue(relations);
}
