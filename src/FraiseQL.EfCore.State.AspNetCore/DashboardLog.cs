using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.AspNetCore;

internal static partial class DashboardLog
{
    [LoggerMessage(7000, LogLevel.Error, DashboardStrings.NotProtected, EventName = "DashboardNotProtected")]
    public static partial void NotProtected(this ILogger logger);

    [LoggerMessage(7001, LogLevel.Warning, "{user} asked the dashboard of {context} to {action} {target}: {result}.", EventName = "DashboardAction")]
    public static partial void Acted(this ILogger logger, string user, string context, string action, string target, string result);

    [LoggerMessage(7002, LogLevel.Warning, "The dashboard of {context} could not {action}.", EventName = "DashboardActionFailed")]
    public static partial void ActionFailed(this ILogger logger, Exception error, string context, string action);

    [LoggerMessage(7003, LogLevel.Warning, "The dashboard refused a request to {path}: it did not come from its own page.", EventName = "DashboardRefused")]
    public static partial void Refused(this ILogger logger, string path);
}
