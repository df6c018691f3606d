using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>How far each competing group of handlers is behind the end of the log, in the whole cluster.</summary>
internal sealed class BacklogHealthCheck(DatabaseLooks looks, FraiseQLStateHealthOptions options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var look = await looks.LookAsync(cancellationToken).ConfigureAwait(false);
        var findings = new HealthFindings(context) { ["maxBacklog"] = options.MaxBacklog, ["groups"] = look.Groups.Count };
        if ((look.Failure ?? look.GroupsFailure) is { } failure)
        {
            findings.Fails(failure);
        }

        var pauses = new List<string>();
        foreach (var group in look.Groups)
        {
            findings[$"{group.Group}/backlog"] = group.Waiting;
            findings[$"{group.Group}/oldestSeconds"] = Math.Round(group.Oldest.TotalSeconds, 3);
            findings[$"{group.Group}/deadLetters"] = group.DeadLetters;
            findings[$"{group.Group}/isRun"] = group.IsRun;
            findings[$"{group.Group}/isPaused"] = group.IsPaused;
            if (group.IsPaused)
            {
                // Somebody wants it so: no failure of the node, however much waits.
                pauses.Add(StateStrings.HealthPaused(group.Group, group.Waiting, group.Waiting >= DatabaseLooks.MostCounted, group.Oldest));
                if (group.Late > options.MaxBacklog || group.IsExpired)
                {
                    findings.Degrades(pauses[^1]);
                }
            }

            if (group.IsExpired)
            {
                findings.Fails(StateStrings.HealthGroupExpired(group.Group));
            }
            else if (!group.IsPaused && group.Late > options.MaxBacklog)
            {
                findings.Fails(StateStrings.HealthBacklog(group.Group, group.Waiting, group.Waiting >= DatabaseLooks.MostCounted, group.Oldest, group.IsRun));
            }
            else if (!group.IsKnown)
            {
                findings.Degrades(StateStrings.HealthGroupNeverRun(group.Group));
            }

            if (group.DeadLetters > options.MaxDeadLetters)
            {
                findings.Degrades(StateStrings.HealthDeadLetters(group.Group, group.DeadLetters));
            }
        }

        return findings.Result(look.Groups.Count == 0 ? StateStrings.HealthNoGroups : pauses.Count > 0 ? string.Join(' ', pauses) : StateStrings.HealthNoBacklog);
    }
}
