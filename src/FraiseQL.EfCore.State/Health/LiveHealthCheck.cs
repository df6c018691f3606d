using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>Whether the listener's loop goes round, with or without a database: one that does not is hung, and only a restart mends it.</summary>
internal sealed class LiveHealthCheck(StateRuntime runtime, ListenerStatus listener) : IHealthCheck
{
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(30);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var cdc = runtime.Options.Cdc;
        var findings = new HealthFindings(context) { ["enabled"] = cdc.Enabled };
        if (!cdc.Enabled)
        {
            return Task.FromResult(findings.Result(StateStrings.HealthListenerOff));
        }

        // Twice what one round can take: a connection that is tried and not answered, or a look that is not.
        var most = (2 * (cdc.ListenTimeout + cdc.MaxReconnectDelay)) + s_slack;
        var since = listener.SincePulse;
        findings["secondsSincePulse"] = Math.Round(since.TotalSeconds, 3);
        findings["maxSeconds"] = most.TotalSeconds;
        if (since > most)
        {
            findings.Fails(StateStrings.HealthHung(since));
        }

        return Task.FromResult(findings.Result(StateStrings.HealthLive));
    }
}
