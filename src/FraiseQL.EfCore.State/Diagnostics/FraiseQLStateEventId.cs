namespace FraiseQL.EfCore.State;

/// <summary>Ids of the log events, for filters and alerts. An id never changes its meaning.</summary>
public static partial class FraiseQLStateEventId
{
    /// <summary>A query marked cacheable is not cached; the message says why, once per query.</summary>
    public const int QueryRefused = 1000;

    /// <summary>A context uses FraiseQL state without a listener.</summary>
    public const int NoListener = 1001;
}
