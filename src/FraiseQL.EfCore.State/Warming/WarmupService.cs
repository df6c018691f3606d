using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.Warming;

/// <summary>Warms when the host starts, and keeps warm what is to stay so, for as long as the host runs. It never ends the host.</summary>
internal sealed class WarmupService(Warmer warmer, StateRuntime runtime, ListenerStatus listener) : BackgroundService
{
    // Changes come in bursts, and a look at everything that is kept warm need not be made for each.
    private static readonly TimeSpan s_spacing = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_afterFailure = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
        if (runtime.Options.Cache.Warmup.BlockStartup)
        {
            await _ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (runtime.Options.Cache.WarmupOnStartup)
            {
                await warmer.RunAllAsync(stoppingToken).ConfigureAwait(false);
            }
            else
            {
                warmer.Skip();
            }
        }
        finally
        {
            _ended.TrySetResult();
        }

        Warmup[] kept = [.. warmer.All.Where(warmup => warmup.KeepsWarmEvery is not null)];
        if (kept.Length > 0)
        {
            await KeepWarmAsync(kept, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A ring says that something has changed; that a time to live is over, nobody says.
    private async Task KeepWarmAsync(Warmup[] kept, CancellationToken stopping)
    {
        var pause = kept.Min(warmup => warmup.KeepsWarmEvery!.Value);
        var changes = listener.Changes.Add();
        var problems = 0;
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                await changes.WaitAsync(pause, stopping).ConfigureAwait(false);
                var now = runtime.Time.GetUtcNow();

                // What could not be cached while its table's triggers were missing can be now.
                var left = listener.CaptureProblems.Count;
                foreach (var warmup in kept.Where(warmup => left < problems && warmup.Status.State == WarmupState.NotCached))
                {
                    warmup.NextAt = now;
                }

                problems = left;

                // Never run, never warm: what is not warmed at the start begins with the first call of PreloadAsync.
                Warmup[] due = [.. kept.Where(warmup => now >= warmup.NextAt && warmup.Status.Runs > 0 && !warmer.IsWarm(warmup))];
                if (due.Length > 0 && (listener.Connected || !runtime.HasListener))
                {
                    await warmer.RunAsync(due, stopping).ConfigureAwait(false);
                    foreach (var warmup in due)
                    {
                        var every = warmup.KeepsWarmEvery!.Value;
                        warmup.NextAt = runtime.Time.GetUtcNow() + (warmup.Status.State == WarmupState.Done || every > s_afterFailure ? every : s_afterFailure);
                    }
                }

                await Task.Delay(s_spacing, runtime.Time, stopping).ConfigureAwait(false);
            }
        }
        finally
        {
            listener.Changes.Remove(changes);
        }
    }
}
