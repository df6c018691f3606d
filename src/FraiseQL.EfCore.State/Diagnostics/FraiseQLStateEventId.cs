namespace FraiseQL.EfCore.State;

public static partial class FraiseQLStateEventId
{
    /// <summary>A query marked cacheable is not cached; the message says why, once per query.</summary>
    public const int QueryRefused = 1000;

    /// <summary>A context uses FraiseQL state without a listener.</summary>
    public const int NoListener = 1001;
}
