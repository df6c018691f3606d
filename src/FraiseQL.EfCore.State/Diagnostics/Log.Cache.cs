using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>Messages of the cache. Never a key, a parameter or a row.</summary>
internal static partial class Log
{
    [LoggerMessage(FraiseQLStateEventId.QueryRefused, LogLevel.Warning,
        "A query marked .Cacheable() is not cached ({Code}): {Reason}. It reads the database each time. Said once per query.",
        EventName = nameof(FraiseQLStateEventId.QueryRefused))]
    public static partial void Refused(ILogger logger, string code, string reason);

    [LoggerMessage(FraiseQLStateEventId.CacheHit, LogLevel.Debug, "Query {Query}: from {Level}.",
        EventName = nameof(FraiseQLStateEventId.CacheHit))]
    public static partial void Hit(ILogger logger, string query, string level);

    [LoggerMessage(FraiseQLStateEventId.CacheMiss, LogLevel.Debug, "Query {Query}: not cached, from the database.",
        EventName = nameof(FraiseQLStateEventId.CacheMiss))]
    public static partial void Miss(ILogger logger, string query);

    [LoggerMessage(FraiseQLStateEventId.CacheBypassed, LogLevel.Debug, "Query {Query}: past the cache ({Reason}).",
        EventName = nameof(FraiseQLStateEventId.CacheBypassed))]
    public static partial void Bypass(ILogger logger, string query, string reason);

    [LoggerMessage(FraiseQLStateEventId.CacheStored, LogLevel.Debug, "Query {Query}: {Rows} rows, {Bytes} bytes, cached for {Ttl}.",
        EventName = nameof(FraiseQLStateEventId.CacheStored))]
    public static partial void Stored(ILogger logger, string query, int rows, long bytes, TimeSpan ttl);

    [LoggerMessage(FraiseQLStateEventId.CacheRejected, LogLevel.Debug, "Query {Query}: its rows are not kept ({Reason}).",
        EventName = nameof(FraiseQLStateEventId.CacheRejected))]
    public static partial void Rejected(ILogger logger, string query, string reason);

    [LoggerMessage(FraiseQLStateEventId.CacheServedStale, LogLevel.Warning,
        "Query {Query}: the database could not be reached; rows that may be out of date were served, as FailSafe allows.",
        EventName = nameof(FraiseQLStateEventId.CacheServedStale))]
    public static partial void ServedStale(ILogger logger, string query);

    [LoggerMessage(FraiseQLStateEventId.CacheServedStaleByChoice, LogLevel.Debug,
        "Query {Query}: rows that may be out of date were served, as BoundedStaleness({Bound}) allows.",
        EventName = nameof(FraiseQLStateEventId.CacheServedStaleByChoice))]
    public static partial void ServedStaleByChoice(ILogger logger, string query, TimeSpan? bound);

    [LoggerMessage(FraiseQLStateEventId.CacheMissBudgetExceeded, LogLevel.Warning,
        "Query {Query}: a miss took {Took} ms, its budget is {Budget} ms. Make the query faster, warm it, or raise MissBudget.",
        EventName = nameof(FraiseQLStateEventId.CacheMissBudgetExceeded))]
    public static partial void MissBudgetExceeded(ILogger logger, string query, double took, double budget);

    [LoggerMessage(FraiseQLStateEventId.CacheScopeMismatch, LogLevel.Warning,
        "Query {Query}: the session's settings are not what VaryBySessionVariable says, so its rows are not cached. "
        + "Set them when the connection is opened, to the same values.",
        EventName = nameof(FraiseQLStateEventId.CacheScopeMismatch))]
    public static partial void ScopeMismatch(ILogger logger, string query);

    [LoggerMessage(FraiseQLStateEventId.CacheInconsistent, LogLevel.Warning,
        "A cached result was not what the database answered, although nothing that it depends on was known to have changed. Writes that are not "
        + "captured do this (triggers disabled, session_replication_role = replica); otherwise please report it, with this trace:\n{Trace}",
        EventName = nameof(FraiseQLStateEventId.CacheInconsistent))]
    public static partial void InconsistentRead(ILogger logger, string trace);

    [LoggerMessage(FraiseQLStateEventId.CacheNotChecked, LogLevel.Debug, "Sampled hits could not be checked ({Error}).",
        EventName = nameof(FraiseQLStateEventId.CacheNotChecked))]
    public static partial void NotChecked(ILogger logger, string error);

    [LoggerMessage(FraiseQLStateEventId.NoListener, LogLevel.Warning,
        "UseFraiseQLState() runs without a listener: the cache sees the writes of this process only, and the changes of other programs when the "
        + "time to live ends. Call services.AddFraiseQLState<TContext>() to see every committed change.")]
    public static partial void NoListener(ILogger logger);
}
