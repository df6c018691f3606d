namespace FraiseQL.EfCore.State;

public static partial class FraiseQLStateEventId
{
    /// <summary>Rows came from memory or from the shared server (debug).</summary>
    public const int CacheHit = 1010;

    /// <summary>Rows came from the database, as they were not cached (debug).</summary>
    public const int CacheMiss = 1011;

    /// <summary>An execution did not use the cache; the message has the reason's code (debug).</summary>
    public const int CacheBypassed = 1012;

    /// <summary>Rows that were read are cached now (debug).</summary>
    public const int CacheStored = 1013;

    /// <summary>Rows that were read are not kept; the message has the reason's code (debug).</summary>
    public const int CacheRejected = 1014;

    /// <summary>The database could not be reached, and rows that may be out of date were served, as the query allows (warning).</summary>
    public const int CacheServedStale = 1015;

    /// <summary>A miss took longer than its budget (warning).</summary>
    public const int CacheMissBudgetExceeded = 1016;

    /// <summary>The session's settings are not what <c>VaryBySessionVariable</c> says; the rows are not kept (warning).</summary>
    public const int CacheScopeMismatch = 1017;

    /// <summary>Rows that a change has ended were served, as the query's <c>BoundedStaleness</c> allows (debug).</summary>
    public const int CacheServedStaleByChoice = 1018;

    /// <summary>The consistency checker found a hit that was not what the database answered: a fault (warning).</summary>
    public const int CacheInconsistent = 1019;

    /// <summary>The consistency checker could not read the database; the hits that it had sampled are not judged (debug).</summary>
    public const int CacheNotChecked = 1020;
}
