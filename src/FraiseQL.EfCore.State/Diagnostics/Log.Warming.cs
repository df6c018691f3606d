using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>Messages of warming.</summary>
internal static partial class Log
{
    [LoggerMessage(FraiseQLStateEventId.Warmed, LogLevel.Information, "Warmed {Query} in {Milliseconds} ms ({Source}).")]
    public static partial void Warmed(this ILogger logger, string query, double milliseconds, CacheOutcome source);

    [LoggerMessage(
        FraiseQLStateEventId.WarmupFailed, LogLevel.Warning,
        "The warm-up {Query} failed; what it reads is read when somebody asks for it. Mend its query, or the database's answer to it.")]
    public static partial void WarmupFailed(this ILogger logger, Exception error, string query);

    [LoggerMessage(
        FraiseQLStateEventId.WarmupTimedOut, LogLevel.Warning,
        "The warm-up {Query} was not done after {Milliseconds} ms: the time of Cache:Warmup:Timeout is for all warm-ups and the wait for the listener together. "
        + "Raise it, or Cache:Warmup:Parallelism, or make the query faster.")]
    public static partial void WarmupTimedOut(this ILogger logger, string query, double milliseconds);

    [LoggerMessage(
        FraiseQLStateEventId.WarmupNotCached, LogLevel.Warning,
        "The warm-up {Query} ran, but its last query is not cached, so nothing is warm. Mark it with .Cacheable(); ToCacheExplainString() says what else keeps it "
        + "from being cached.")]
    public static partial void WarmupNotCached(this ILogger logger, string query);

    [LoggerMessage(FraiseQLStateEventId.WarmingEnded, LogLevel.Information, "Warming of {Context} has ended: {Done} of {Count} done in {Milliseconds} ms.")]
    public static partial void WarmingEnded(this ILogger logger, string context, int done, int count, double milliseconds);
}
