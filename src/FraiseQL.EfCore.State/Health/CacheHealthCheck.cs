using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>Whether the shared level answers, and how soon: by reads of its own, past the pause in which queries leave it alone.</summary>
internal sealed class CacheHealthCheck(StateRuntime runtime, FraiseQLStateHealthOptions options) : IHealthCheck
{
    private const int Reads = 3;

    // Many times what a healthy server needs, on a machine that is busy.
    private static readonly TimeSpan s_mostTime = TimeSpan.FromSeconds(1);

    private readonly ResponseTimes _times = new();

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var memory = runtime.Store.Memory;
        var findings = new HealthFindings(context)
        {
            ["enabled"] = runtime.Options.Cache.Enabled,
            ["memoryEntries"] = memory.Count,
            ["memoryBytes"] = memory.Bytes,
            ["memoryMaxBytes"] = runtime.Options.Cache.L1.MaxSizeMb * 1024L * 1024L,
        };
        if (runtime.Store.Shared is not { } shared)
        {
            return findings.Result(StateStrings.HealthMemoryOnly);
        }

        await ReadAsync(shared, findings, cancellationToken).ConfigureAwait(false);
        findings["backend"] = shared.Backend;
        findings["isLeftAlone"] = shared.IsOpen;
        findings["failures"] = shared.Failures;
        findings["timeouts"] = shared.Timeouts;
        findings["skipped"] = shared.Skipped;
        findings["pendingWrites"] = runtime.Store.PendingWrites;
        return findings.Result(StateStrings.HealthSharedAnswers(shared.Backend));
    }

    private async Task ReadAsync(SharedLevel shared, HealthFindings findings, CancellationToken cancellationToken)
    {
        var budget = options.Timeout / Reads < s_mostTime ? options.Timeout / Reads : s_mostTime;
        for (var i = 0; i < Reads; i++)
        {
            var startedAt = runtime.Time.GetTimestamp();
            var (answering, all) = await shared.PingAsync(budget, cancellationToken).ConfigureAwait(false);
            var took = runtime.Time.GetElapsedTime(startedAt);
            findings["serversUp"] = answering;
            findings["servers"] = all;
            if (answering == 0)
            {
                _times.Clear();
                findings.Fails(StateStrings.HealthSharedDown(shared.Backend));
                return;
            }

            _times.Add(took);
            findings["responseMilliseconds"] = Math.Round(took.TotalMilliseconds, 3);
            if (answering < all)
            {
                findings.Fails(StateStrings.HealthSharedPartlyDown(shared.Backend, answering, all));
                break;
            }
        }

        var (median, isJudged) = _times.Read();
        findings["medianMilliseconds"] = Math.Round(median.TotalMilliseconds, 3);
        if (options.MaxResponseTime is { } most)
        {
            findings["maxMilliseconds"] = most.TotalMilliseconds;
            if (isJudged && median > most)
            {
                findings.Fails(StateStrings.HealthSharedSlow(shared.Backend, median, most));
            }
        }
    }
}
