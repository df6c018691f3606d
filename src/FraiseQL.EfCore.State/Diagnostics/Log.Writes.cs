using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(
        FraiseQLStateEventId.WriteNotDescribed, LogLevel.Error,
        "A function given to DescribeWrites or VaryBy(\"tenant\") threw: writes are carried out, and where it throws their events say neither tenant, "
        + "actor nor trace. Mend the function. Said once.")]
    public static partial void WriteNotDescribed(this ILogger logger, Exception error);

    [LoggerMessage(
        FraiseQLStateEventId.IsolationWithoutRetry, LogLevel.Warning,
        "Consistency:Isolation is {Level}, where PostgreSQL ends one of two conflicting transactions with an error (40001), and nothing here tries again. "
        + "Call EnableRetryOnFailure() in UseNpgsql(…), and run transactions of your own through Database.CreateExecutionStrategy(). Said once.")]
    public static partial void IsolationWithoutRetry(ILogger logger, System.Data.IsolationLevel level);
}
