using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>Messages of the configuration. Keys of it are named, and a value only where it was refused and can hold no secret.</summary>
internal static partial class Log
{
    [LoggerMessage(FraiseQLStateEventId.ConfigurationReloaded, LogLevel.Information, "The configuration of {Context} has changed; from now on apply: {Keys}.")]
    public static partial void ConfigurationReloaded(this ILogger logger, string context, string keys);

    [LoggerMessage(
        FraiseQLStateEventId.ConfigurationRefused, LogLevel.Error,
        "The configuration of {Context} has changed to something that cannot work, and everything stays as it was: {Failures}")]
    public static partial void ConfigurationRefused(this ILogger logger, string context, string failures);

    [LoggerMessage(
        FraiseQLStateEventId.ConfigurationNeedsRestart, LogLevel.Warning,
        "The configuration of {Context} has changed in keys that apply when the host starts the next time: {Keys}. Restart it, or change them back.")]
    public static partial void ConfigurationNeedsRestart(this ILogger logger, string context, string keys);

    [LoggerMessage(
        FraiseQLStateEventId.InvalidationRelaxed, LogLevel.Warning,
        "{Key} is {Strategy}: cached rows may be served that a known change has made untrue, until their time to live ends. Set it to Cascade for results that "
        + "are never wrong.")]
    public static partial void InvalidationRelaxed(this ILogger logger, string key, InvalidationStrategy strategy);

    [LoggerMessage(
        FraiseQLStateEventId.SectionMissing, LogLevel.Information,
        "There is no configuration section {Section}, which AddFraiseQLState<{Context}> was given: the defaults apply, and what was set in code.")]
    public static partial void SectionMissing(this ILogger logger, string section, string context);
}
