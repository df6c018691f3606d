using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// Compares <see cref="L2Options.MaxSizeMb"/> with what the shared server itself allows, once, as soon as it answers. The limit is the server's
/// to keep; what this can do is to say that the two do not fit.
/// </summary>
internal sealed partial class SharedSizeCheck(SharedServer server, L2Options options, TimeProvider time, ILogger logger)
{
    private const long Megabyte = 1024 * 1024;

    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    /// <summary>Ends when the server has answered, or is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (options.MaxSizeMb is not { } wanted)
        {
            return;
        }

        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Report(await server.ReadLimitsAsync(s_budget, stopping).ConfigureAwait(false), wanted);
                return;
            }
#pragma warning disable CA1031 // A server that is down is reported elsewhere; it may come back.
            catch (Exception)
#pragma warning restore CA1031
            {
                await Task.Delay(s_pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Report(SharedLimits? limits, int wanted)
    {
        var problem = limits switch
        {
            null => StateStrings.SharedSizeUnknown(wanted),
            { MaxBytes: null } => StateStrings.SharedSizeUnlimited(wanted),
            { MaxBytes: { } most } when most < wanted * Megabyte => StateStrings.SharedSizeSmaller(wanted, most / (double)Megabyte),
            { Evicts: false } => StateStrings.SharedSizeWithoutEviction(wanted),
            _ => null,
        };
        if (problem is not null)
        {
            LogSize(logger, problem);
        }
    }

    [LoggerMessage(1103, LogLevel.Warning, "{Problem}", EventName = "SharedCacheSize")]
    private static partial void LogSize(ILogger logger, string problem);
}
