using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>Messages of the cache. Never a key, a parameter or a row.</summary>
internal static partial class Log
{
    [LoggerMessage(FraiseQLStateEventId.QueryRefused, LogLevel.Warning,
        "A query marked .Cacheable() is not cached ({Code}): {Reason}. It reads the database each time. Said once per query.")]
    public static partial void Refused(ILogger logger, string code, string reason);

    [LoggerMessage(FraiseQLStateEventId.NoListener, LogLevel.Warning,
        "UseFraiseQLState() runs without a listener: the cache sees the writes of this process only, and the changes of other programs when the "
        + "time to live ends. Call services.AddFraiseQLState<TContext>() to see every committed change.")]
    public static partial void NoListener(ILogger logger);
}
