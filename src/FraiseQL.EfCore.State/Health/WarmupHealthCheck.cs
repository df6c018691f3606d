using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>
/// Whether the cache is warm. Where that is required the node is not ready before warming has ended; what could not be warmed afterwards is a reason to look,
/// and none to keep requests away.
/// </summary>
internal sealed class WarmupHealthCheck(IWarmupStatus warming) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var queries = warming.Queries;
        string[] failed =
        [
            .. queries.Where(query => query.State is WarmupState.Failed or WarmupState.TimedOut or WarmupState.NotCached).Select(query => query.Name),
        ];
        var done = queries.Count(query => query.State == WarmupState.Done);
        var findings = new HealthFindings(context) { ["warmups"] = queries.Count, ["done"] = done, ["failed"] = failed.Length, ["hasEnded"] = warming.IsEnded };
        if (!warming.IsReady)
        {
            findings.Holds(StateStrings.HealthWarming(done, queries.Count));
        }
        else if (failed.Length > 0)
        {
            findings.Degrades(StateStrings.HealthNotWarm(failed));
        }

        return Task.FromResult(findings.Result(warming.IsEnded ? StateStrings.HealthWarm : StateStrings.HealthNotYetWarm));
    }
}
