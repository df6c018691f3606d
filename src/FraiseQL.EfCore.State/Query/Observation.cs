using FraiseQL.EfCore.State.Cache;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What one execution was answered with, for whoever wants to keep something beside the entry. As the context, not thread-safe.</summary>
internal sealed class Observation
{
    private int _served;

    public QueryPlan? Plan { get; private set; }

    public Lookup Lookup { get; private set; }

    /// <summary>The one entry that answered; <see langword="null"/> when there was none, or more than one.</summary>
    public CachedEntry? Entry { get; private set; }

    /// <summary>Where the results of all executions are, when somebody wants to keep them there.</summary>
    public List<Lookup>? Places { get; init; }

    public void Served(QueryPlan plan, Lookup lookup, CachedEntry entry)
    {
        Places?.Add(lookup);
        Plan = plan;
        Lookup = lookup;
        Entry = _served++ == 0 ? entry : null;
    }
}
