using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>Whether the listener is connected, hears the bell, and has read its log to the end lately.</summary>
internal sealed class CdcHealthCheck(StateRuntime runtime, ListenerStatus listener, DatabaseLooks looks, FraiseQLStateHealthOptions options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var findings = new HealthFindings(context) { ["enabled"] = runtime.Options.Cdc.Enabled };
        if (!runtime.Options.Cdc.Enabled)
        {
            return findings.Result(StateStrings.HealthListenerOff);
        }

        var look = await looks.LookAsync(cancellationToken).ConfigureAwait(false);
        var most = options.MaxSilence ?? runtime.Options.Consistency.MaxSilence;
        findings["connected"] = listener.Connected;
        findings["log"] = listener.Log;
        findings["position"] = listener.Position?.ToString() ?? "";
        findings["reconnects"] = listener.Reconnects;
        findings["pending"] = listener.Pending;
        findings["maxSilenceSeconds"] = most.TotalSeconds;
        findings["transport"] = $"{runtime.Options.Cdc.Transport}";
        if (look.RoundTrip is { } roundTrip)
        {
            findings["notifyMilliseconds"] = Math.Round(roundTrip.TotalMilliseconds, 3);
        }

        if (listener.HeardAt == 0)
        {
            findings.Fails(StateStrings.HealthNeverConnected(look.Failure));
            return findings.Result("");
        }

        var silence = listener.Lag;
        findings["secondsSinceLastLook"] = Math.Round(silence.TotalSeconds, 3);
        findings["lastLookMilliseconds"] = Math.Round(listener.LastLook.TotalMilliseconds, 3);
        if (!listener.Connected)
        {
            findings.Fails(StateStrings.HealthDisconnected(look.Failure));
        }
        else if (silence > most)
        {
            findings.Fails(listener.Pending > 0 ? StateStrings.HealthCatchingUp(listener.Pending) : StateStrings.HealthSilent(silence, most));
        }
        else if (look.IsDeaf)
        {
            findings.Degrades(StateStrings.HealthDeaf(runtime.Options.Cdc.PollInterval));
        }

        return findings.Result(StateStrings.HealthListening);
    }
}
