using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The second level, made harmless: every failure and every operation over <see cref="L2Options.Timeout"/> is a miss or a dropped write,
/// and a server that fails is left alone for <see cref="L2Options.BreakDuration"/>. Only the caller's own cancellation is thrown.
/// It puts <see cref="L2Options.KeyPrefix"/> before each key.
/// </summary>
/// <remarks>
/// Thread-safe. An operation that ran out of time goes on in the background, where it cannot be stopped. So the inner cache never sees a
/// buffer of the caller, who reuses it: a late write would store another entry's bytes, and a late read would overwrite them.
/// </remarks>
internal sealed partial class GuardedDistributedCache : IBufferDistributedCache
{
    // Polly's lower bound, for the break and for the window that failures are counted in.
    private static readonly TimeSpan MinBreak = TimeSpan.FromMilliseconds(500);

    private readonly IDistributedCache _inner;
    private readonly L2Options _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline _pipeline;
    private long _failures;
    private long _timeouts;
    private long _skipped;

    public GuardedDistributedCache(IDistributedCache inner, L2Options options, TimeProvider time, ILogger logger)
    {
        _inner = inner;
        _options = options;
        _time = time;
        _logger = logger;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                // A hanging server must be left after a few requests have lost their time, also right after a busy, healthy second.
                FailureRatio = 0.1,
                MinimumThroughput = 2,
                SamplingDuration = MinBreak,
                BreakDuration = options.BreakDuration > MinBreak ? options.BreakDuration : MinBreak,
                StateProvider = _state,
                ShouldHandle = static outcome => new(outcome.Outcome.Exception is { } error && !IsCancellation(error, outcome.Context)),
                OnOpened = opened =>
                {
                    LogOpened(_logger, opened.Outcome.Exception?.GetType().Name ?? "unknown", opened.BreakDuration.TotalMilliseconds);
                    return default;
                },
                OnClosed = _ =>
                {
                    LogClosed(_logger);
                    return default;
                },
            })
            .Build();
    }

    /// <summary>Whether the server is being left alone; becomes false with the first operation that succeeds after the pause.</summary>
    public bool IsOpen => _state.CircuitState is CircuitState.Open or CircuitState.Isolated;

    /// <summary>Operations that failed, those that ran out of time included.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Operations that ran out of time.</summary>
    public long Timeouts => Interlocked.Read(ref _timeouts);

    /// <summary>Operations not attempted because the server was being left alone.</summary>
    public long Skipped => Interlocked.Read(ref _skipped);

    public byte[]? Get(string key) => Wait(RunAsync(Read, new(key), async: false, CancellationToken.None));

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => RunAsync(Read, new(key), async: true, token).AsTask();

    public bool TryGet(string key, IBufferWriter<byte> destination) => Copy(Get(key), destination);

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
        => Copy(await RunAsync(Read, new(key), async: true, token).ConfigureAwait(false), destination);

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options)
        => Wait(RunAsync(Write, new(key, value, options), async: false, CancellationToken.None));

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        => RunAsync(Write, new(key, value, options), async: true, token).AsTask();

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => Set(key, value.ToArray(), options);

    public async ValueTask SetAsync(
        string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default)
        => await RunAsync(Write, new(key, value.ToArray(), options), async: true, token).ConfigureAwait(false);

    public void Refresh(string key) => Wait(RunAsync(Touch, new(key), async: false, CancellationToken.None));

    public Task RefreshAsync(string key, CancellationToken token = default) => RunAsync(Touch, new(key), async: true, token).AsTask();

    public void Remove(string key) => Wait(RunAsync(Delete, new(key), async: false, CancellationToken.None));

    public Task RemoveAsync(string key, CancellationToken token = default) => RunAsync(Delete, new(key), async: true, token).AsTask();

    private static readonly Func<IDistributedCache, string, Call, CancellationToken, Task<byte[]?>> Read
        = static (cache, key, _, token) => cache.GetAsync(key, token);

    private static readonly Func<IDistributedCache, string, Call, CancellationToken, Task<byte[]?>> Write
        = static (cache, key, call, token) => Nothing(cache.SetAsync(key, call.Value!, call.Options!, token));

    private static readonly Func<IDistributedCache, string, Call, CancellationToken, Task<byte[]?>> Touch
        = static (cache, key, _, token) => Nothing(cache.RefreshAsync(key, token));

    private static readonly Func<IDistributedCache, string, Call, CancellationToken, Task<byte[]?>> Delete
        = static (cache, key, _, token) => Nothing(cache.RemoveAsync(key, token));

    private async ValueTask<byte[]?> RunAsync(
        Func<IDistributedCache, string, Call, CancellationToken, Task<byte[]?>> operation, Call call, bool async, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, token);
        try
        {
            var outcome = await _pipeline.ExecuteOutcomeAsync(
                static (context, run) => run.Self.AttemptAsync(run.Operation, run.Call, run.Async, context.CancellationToken),
                context,
                (Self: this, Operation: operation, Call: call, Async: async)).ConfigureAwait(false);
            switch (outcome.Exception)
            {
                case null:
                    return outcome.Result;
                case BrokenCircuitException:
                    Interlocked.Increment(ref _skipped);
                    return null;
                case { } error when IsCancellation(error, context):
                    throw new OperationCanceledException(token);
                case { } error:
                    Count(error);
                    return null;
            }
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<Outcome<byte[]?>> AttemptAsync(
        Func<IDistributedCache, string, Call, CancellationToken, Task<byte[]?>> operation, Call call, bool async, CancellationToken token)
    {
        Task<byte[]?>? task = null;
        try
        {
            task = operation(_inner, _options.KeyPrefix + call.Key, call, token);
            if (async)
            {
                return Outcome.FromResult<byte[]?>(await task.WaitAsync(_options.Timeout, _time, token).ConfigureAwait(false));
            }

            // The wait is on this thread, so that the bound holds even when no thread of the pool is free to run a timer's callback.
            return task.Wait(_options.Timeout, token)
                ? Outcome.FromResult<byte[]?>(await task.ConfigureAwait(false))
                : Outcome.FromException<byte[]?>(new TimeoutException());
        }
#pragma warning disable CA1031 // Whatever the cache throws, the database can answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return Outcome.FromException<byte[]?>(error is AggregateException { InnerException: { } inner } ? inner : error);
        }
        finally
        {
            // Nobody awaits an abandoned operation: its late exception must not reach the process as an unobserved one.
            if (task is { IsCompletedSuccessfully: false })
            {
                _ = task.ContinueWith(
                    static late => _ = late.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }
        }
    }

    private void Count(Exception error)
    {
        Interlocked.Increment(ref _failures);
        if (error is TimeoutException)
        {
            Interlocked.Increment(ref _timeouts);
        }

        LogFailure(_logger, error.GetType().Name);
    }

    private static bool IsCancellation(Exception error, ResilienceContext context)
        => error is OperationCanceledException && context.CancellationToken.IsCancellationRequested;

    private static bool Copy(byte[]? value, IBufferWriter<byte> destination)
    {
        if (value is null)
        {
            return false;
        }

        destination.Write(value);
        return true;
    }

    private static async Task<byte[]?> Nothing(Task task)
    {
        await task.ConfigureAwait(false);
        return null;
    }

    private static byte[]? Wait(ValueTask<byte[]?> run) => run.IsCompleted ? run.Result : run.AsTask().GetAwaiter().GetResult();

    // Exceptions are named by their type only: a client's message may hold a key or an address.
    [LoggerMessage(1100, LogLevel.Warning,
        "The shared cache level failed ({Error}) and is left alone for {BreakMilliseconds} ms; queries are answered without it.", EventName = "SharedCacheOpened")]
    private static partial void LogOpened(ILogger logger, string error, double breakMilliseconds);

    [LoggerMessage(1101, LogLevel.Information, "The shared cache level answers again.", EventName = "SharedCacheClosed")]
    private static partial void LogClosed(ILogger logger);

    [LoggerMessage(1102, LogLevel.Debug, "An operation of the shared cache level failed ({Error}); it counts as a miss.", EventName = "SharedCacheFailure")]
    private static partial void LogFailure(ILogger logger, string error);

    private readonly record struct Call(string Key, byte[]? Value = null, DistributedCacheEntryOptions? Options = null);
}
