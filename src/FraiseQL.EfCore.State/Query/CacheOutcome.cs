namespace FraiseQL.EfCore.State;

/// <summary>Where the rows of a cacheable query came from.</summary>
public enum CacheOutcome
{
    /// <summary>The context has not executed a cacheable query yet.</summary>
    None,

    /// <summary>From this process's memory.</summary>
    L1Hit,

    /// <summary>From the shared server.</summary>
    L2Hit,

    /// <summary>From the database, and cached.</summary>
    Miss,

    /// <summary>From the database, and not cached: within a transaction, refused, or not safe at the moment.</summary>
    Bypass,

    /// <summary>
    /// From memory although it may be out of date: the database could not be reached, and the query has <c>FailSafe</c>; or a change has ended it, within
    /// the query's <c>BoundedStaleness</c>.
    /// </summary>
    Stale,
}
