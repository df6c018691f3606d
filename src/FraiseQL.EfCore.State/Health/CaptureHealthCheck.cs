using FraiseQL.EfCore.State.Listener;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>Whether the triggers and their functions are there, enabled, as the library made them, and made from this model.</summary>
internal sealed class CaptureHealthCheck(DatabaseLooks looks, ListenerStatus listener) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var look = await looks.LookAsync(cancellationToken).ConfigureAwait(false);
        var findings = new HealthFindings(context);
        if (look.Capture is not { } capture)
        {
            findings.Fails(look.Failure ?? "");
            return findings.Result("");
        }

        findings["eventLog"] = capture.LogPresent;
        findings["capturedTables"] = capture.Verified.Count;
        findings["problems"] = capture.Problems.Count;
        if (!capture.IsSound)
        {
            findings.Fails(string.Join(' ', capture.Problems));
        }
        else if (!capture.IsOfModel)
        {
            // While nodes are replaced one by one, whatever failures are to the application: nothing is wrong with this one.
            findings.Degrades(string.Join(' ', capture.Problems));
        }

        if (!capture.Problems.SequenceEqual(listener.CaptureProblems))
        {
            // The listener looks every few seconds; what is known here, the cache should know too.
            listener.RequestCheck();
        }

        return findings.Result(capture.Problems.Count == 0 ? StateStrings.HealthCaptured : string.Join(' ', capture.Problems));
    }
}
