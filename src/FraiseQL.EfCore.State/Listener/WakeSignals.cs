using System.Collections.Immutable;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>A bell with several rooms: each waiter has a signal of its own, and a ring reaches all. Thread-safe.</summary>
internal sealed class WakeSignals
{
    private ImmutableArray<WakeSignal> _signals = [];

    public WakeSignal Add()
    {
        var signal = new WakeSignal();
        ImmutableInterlocked.Update(ref _signals, static (all, added) => all.Add(added), signal);
        return signal;
    }

    public void Remove(WakeSignal signal)
    {
        ImmutableInterlocked.Update(ref _signals, static (all, removed) => all.Remove(removed), signal);
        signal.Dispose();
    }

    public void Ring()
    {
        foreach (var signal in _signals)
        {
            signal.Ring();
        }
    }
}
