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
    private static readonly IReadOnlySet<string> s_none = new HashSet<string>();

    private HashSet<string> _returned = new(StringComparer.Ordinal);
    private CaptureReport? _last; // null where the log was missing: one that is made anew has an identity of its own
    private string? _said;

    /// <summary>Relations whose triggers are present, enabled and equal to the model, at the last look.</summary>
    public IReadOnlySet<string> Verified => _last?.Verified ?? s_none;

    /// <summary>Whether relations are verified whose triggers were away since the log was first seen, or are others than before.</summary>
    public bool HasReturned => _returned.Count > 0;

    /// <summary>Which ones, once: what was written while they were away is not in the log.</summary>
    public IReadOnlySet<string> TakeReturned()
    {
        var returned = _returned;
        _returned = new(StringComparer.Ordinal);
        return returned;
    }

    /// <summary>Returns whether the event log is there.</summary>
    public async Task<bool> CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var report = await check(connection, cancellationToken).ConfigureAwait(false);
        if (_last is not null && report.LogPresent)
        {
            _returned.UnionWith(report.Verified.Where(relation => WasAway(relation, _last, report)));
            _returned.IntersectWith(report.Verified);
        }

        _last = report.LogPresent ? report : null;
        status.Capture(report.Problems);
        Say(report.LogPresent, string.Join(' ', report.Problems));
        return report.LogPresent;
    }

    private static bool WasAway(string relation, CaptureReport before, CaptureReport now)
        => !before.Verified.Contains(relation) || !MarksOf(relation, before).IsSubsetOf(MarksOf(relation, now));

    private static IReadOnlySet<string> MarksOf(string relation, CaptureReport report) => report.Marks.GetValueOrDefault(relation, s_none);

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
