using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>What is wanted of the context's queries beside their rows.</summary>
internal sealed partial class StateSession
{
    private Observation? _warming;

    /// <summary>Who wants to know which entry answers.</summary>
    public Observation? Observer { get; private set; }

    /// <summary>Whether the next hit is checked, in the place of one that had no command.</summary>
    public bool IsSampleDue { get; set; }

    public Observation Observe() => Observer = new Observation { Places = _warming?.Places };

    public void StopObserving() => Observer = _warming;

    /// <summary>How long a warm-up waits for another node that reads the same; <see langword="null"/> for who is none.</summary>
    public TimeSpan? WarmingPatience { get; private set; }

    /// <summary>From now on the context warms: it takes turns with other nodes from the first read of a result on, and says where its results are.</summary>
    public List<Lookup> Warm(TimeSpan patience)
    {
        WarmingPatience = patience;
        Observer = _warming = new Observation { Places = [] };
        return _warming.Places!;
    }
}
