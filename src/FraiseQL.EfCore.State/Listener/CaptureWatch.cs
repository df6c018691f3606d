using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>Looks whether the database captures what the model says, and says so once whenever the answer changes.</summary>
/// <remarks>Owned by one listener; not thread-safe.</remarks>
internal sealed class CaptureWatch(
    string context, Func<NpgsqlConnection, CancellationToken, Task<CaptureReport>> check, ListenerStatus status, ILogger logger)
{
    private string? _said;

    /// <summary>Relations whose triggers are present, enabled and equal to the model, at the last look.</summary>
    public IReadOnlySet<string> Verified { get; private set; } = new HashSet<string>();

    /// <summary>Returns whether the event log is there.</summary>
    public async Task<bool> CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var report = await check(connection, cancellationToken).ConfigureAwait(false);
        Verified = report.LogPresent ? report.Verified : new HashSet<string>();
        status.Capture(report.Problems);
        Say(report.LogPresent, string.Join(' ', report.Problems));
        return report.LogPresent;
    }

    private void Say(bool logPresent, string problems)
    {
        if (problems == (_said ?? ""))
        {
            return;
        }

        if (!logPresent)
        {
            logger.CaptureMissing(context, problems);
        }
        else if (problems.Length > 0)
        {
            logger.CaptureIncomplete(context, problems);
        }
        else
        {
            logger.CaptureRestored(context);
        }

        _said = problems;
    }
}
