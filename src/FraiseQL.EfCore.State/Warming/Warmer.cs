using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Writes;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Warming;

/// <summary>Runs the warm-ups of one context, and knows how far they are. Nothing that they do leaves it. Thread-safe.</summary>
internal sealed class Warmer(WarmupRegistry registry, StateRuntime runtime, ListenerStatus listener, IServiceScopeFactory scopes, Type contextType) : IWarmupStatus
{
    // A node that has died while it was reading for all must not cost the others their whole time.
    private static readonly TimeSpan s_longestPatience = TimeSpan.FromSeconds(10);

    private volatile bool _isEnded = registry.All.Count == 0;

    public IReadOnlyList<WarmedQuery> Queries => [.. registry.All.Select(warmup => warmup.Status)];

    public bool IsEnded => _isEnded;

    public bool IsReady => _isEnded || !runtime.Options.Cache.Warmup.Required;

    public IReadOnlyList<Warmup> All => registry.All;

    public string ContextName => contextType.Name;

    /// <exception cref="ArgumentException">There is no warm-up of a name.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<IReadOnlyList<WarmedQuery>> PreloadAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var chosen = registry.Find(names);
        await RunAsync(chosen, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return [.. chosen.Select(warmup => warmup.Status)];
    }

    /// <summary>Everything, when the host starts.</summary>
    public async Task RunAllAsync(CancellationToken stopping)
    {
        var startedAt = runtime.Time.GetTimestamp();
        await RunAsync(registry.All, stopping).ConfigureAwait(false);
        _isEnded = true;
        if (!stopping.IsCancellationRequested && registry.All.Count > 0)
        {
            runtime.Logger.WarmingEnded(
                ContextName, registry.All.Count(warmup => warmup.Status.State == WarmupState.Done), registry.All.Count,
                Math.Round(runtime.Time.GetElapsedTime(startedAt).TotalMilliseconds, 1));
        }
    }

    /// <summary>For a host that warms nothing when it starts.</summary>
    public void Skip() => _isEnded = true;

    /// <summary>A few of them, within the time for warming.</summary>
    public async Task RunAsync(IReadOnlyList<Warmup> warmups, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(runtime.Options.Cache.Warmup.Timeout, runtime.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        if (runtime.HasListener)
        {
            // What is filled before could not be proven, and so not be served.
            await listener.FirstLook.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Not the caller's token: those that have not begun are to be told as timed out.
        var options = new ParallelOptions { MaxDegreeOfParallelism = runtime.Options.Cache.Warmup.Parallelism };
        await Parallel.ForEachAsync(warmups, options, async (warmup, _) => await RunAsync(warmup, end.Token, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Whether everything that its last run cached can still be served from memory.</summary>
    public bool IsWarm(Warmup warmup)
    {
        foreach (var place in warmup.Places)
        {
            if (runtime.Store.FindInL1(place.Key!) is not { } entry || !CachingRelationalCommand.IsServable(entry, place, runtime))
            {
                return false;
            }
        }

        return warmup.Status.State == WarmupState.Done;
    }

    private async Task RunAsync(Warmup warmup, CancellationToken end, CancellationToken cancelled)
    {
        var startedAt = runtime.Time.GetTimestamp();
        var before = WarmupState.Pending;
        var source = CacheOutcome.None;
        WarmupState state;
        Exception? error = null;
        var hasTurn = false;
        try
        {
            await warmup.Turn.WaitAsync(end).ConfigureAwait(false);
            hasTurn = true;
            before = warmup.Status.State;
            warmup.Status = warmup.Status with { State = WarmupState.Running };

            // Elsewhere, as it may block; and not waited for beyond the time, as it may pay no heed to its token.
            var work = Task.Run(() => ExecuteAsync(warmup, end), CancellationToken.None);
            _ = work.ContinueWith(
                static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            source = await work.WaitAsync(end).ConfigureAwait(false);
            state = warmup.IsQuery && source is CacheOutcome.None or CacheOutcome.Bypass ? WarmupState.NotCached : WarmupState.Done;
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // The host stops, or nobody wants it any more: nothing that anybody should be told.
            warmup.Status = hasTurn ? warmup.Status with { State = before } : warmup.Status;
            return;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            state = WarmupState.TimedOut;
        }
#pragma warning disable CA1031 // The application's code, or its database: a start is not to fail because of it.
        catch (Exception caught)
#pragma warning restore CA1031
        {
            error = caught;
            state = WarmupState.Failed;
        }
        finally
        {
            if (hasTurn)
            {
                warmup.Turn.Release();
            }
        }

        var took = runtime.Time.GetElapsedTime(startedAt);
        warmup.Status = new WarmedQuery(
            warmup.Name, state, warmup.Status.Runs + 1, runtime.Time.GetUtcNow(), took, source, error?.GetType().FullName);
        StateMetrics.Warmed(warmup.Name, state, took);
        Tell(warmup, state, took, source, error);
    }

    private void Tell(Warmup warmup, WarmupState state, TimeSpan took, CacheOutcome source, Exception? error)
    {
        var logger = runtime.Logger;
        switch (state)
        {
            case WarmupState.Failed:
                logger.WarmupFailed(LoggedError.OfApplication(error!, mayShow: false), warmup.Name);
                break;
            case WarmupState.TimedOut:
                logger.WarmupTimedOut(warmup.Name, took.TotalMilliseconds);
                break;
            case WarmupState.NotCached:
                logger.WarmupNotCached(warmup.Name);
                break;
            default:
                logger.Warmed(warmup.Name, took.TotalMilliseconds, source);
                break;
        }
    }

    private async Task<CacheOutcome> ExecuteAsync(Warmup warmup, CancellationToken end)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var context = StateCache.ContextOf(scope.ServiceProvider, contextType);
        var session = StateSession.Find(context);
        var patience = runtime.Options.Cache.Warmup.Timeout;
        var places = session?.Warm(patience < s_longestPatience ? patience : s_longestPatience);
        await warmup.RunAsync(context, scope.ServiceProvider, end).ConfigureAwait(false);
        warmup.Places = places is null ? [] : [.. places];
        return session?.LastOutcome ?? CacheOutcome.None;
    }
}
