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
    private readonly Dictionary<string, IReadOnlySet<string>> _marks = new(StringComparer.Ordinal);
    private HashSet<string> _returned = new(StringComparer.Ordinal);
    private string? _said;
    private bool _hasLooked;

    /// <summary>Relations whose triggers are present, enabled and equal to the model, at the last look.</summary>
    public IReadOnlySet<string> Verified { get; private set; } = new HashSet<string>();

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
        Compare(report);
        Verified = report.LogPresent ? report.Verified : new HashSet<string>();
        status.Capture(report.Problems);
        Say(report.LogPresent, string.Join(' ', report.Problems));
        return report.LogPresent;
    }

    private void Compare(CaptureReport report)
    {
        if (!report.LogPresent)
        {
            // A log that is made anew has an identity of its own.
            _hasLooked = false;
            return;
        }

        foreach (var relation in report.Verified)
        {
            var marks = report.Marks.GetValueOrDefault(relation);
            if (_hasLooked && (!Verified.Contains(relation) || (_marks.TryGetValue(relation, out var before) && marks is not null && !before.IsSubsetOf(marks))))
            {
                _returned.Add(relation);
            }

            if (marks is not null)
            {
                _marks[relation] = marks;
            }
        }

        _returned.IntersectWith(report.Verified);
        _hasLooked = true;
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
