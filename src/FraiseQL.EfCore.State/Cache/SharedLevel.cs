using FraiseQL.EfCore.State.Diagnostics;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The second level, made harmless: every failure and every operation over its budget is a miss or a write that did not happen, and a server that
/// fails is left alone for <see cref="L2Options.BreakDuration"/>. Only the caller's own cancellation is thrown.
/// It puts <see cref="L2Options.KeyPrefix"/> before each key.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed partial class SharedLevel
{
    // Polly's lower bound, for the break and for the window that failures are counted in.
    private static readonly TimeSpan MinBreak = TimeSpan.FromMilliseconds(500);

    private readonly SharedServer _server;
    private readonly ILogger _logger;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline _pipeline;
    private long _failures;
    private long _timeouts;
    private long _skipped;
    private long _reads;
    private long _hits;
    private long _writes;

    public SharedLevel(IDistributedCache cache, L2Options options, TimeProvider time, ILogger logger)
    {
        _server = cache as SharedServer ?? new ForeignServer(cache, time);
        Options = options;
        Time = time;
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

    public L2Options Options { get; }

    public TimeProvider Time { get; }

    /// <summary>Whose level it is, for metrics.</summary>
    public KeyValuePair<string, object?> ContextTag { get; set; } = StateMetrics.ContextTag(StateMetrics.NoName);

    /// <summary>Whether the server is being left alone; becomes false with the first operation that succeeds after the pause.</summary>
    public bool IsOpen => _state.CircuitState is CircuitState.Open or CircuitState.Isolated;

    /// <summary>Operations that failed, those that ran out of time included.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Operations that ran out of time.</summary>
    public long Timeouts => Interlocked.Read(ref _timeouts);

    /// <summary>Operations not attempted because the server was being left alone.</summary>
    public long Skipped => Interlocked.Read(ref _skipped);

    /// <summary>Reads that were tried.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>Those that found a value.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Writes that were tried.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    /// <summary>Whether a node can tell the others that it is reading the database for a key.</summary>
    public bool HasLeases => _server.CanAdd && Options.LeaseWait > TimeSpan.Zero;

    /// <inheritdoc cref="SharedServer.KeepsOrder"/>
    public bool KeepsOrder => _server.KeepsOrder;

    /// <inheritdoc cref="SharedServer.Backend"/>
    public string Backend => _server.Backend;

    /// <summary>Asks the server itself, also while queries leave it alone. How many of its machines answered, and how many there are.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    public async Task<(int Answering, int All)> PingAsync(TimeSpan budget, CancellationToken token)
    {
        try
        {
            return await _server.PingAsync(Options.KeyPrefix + "ping", budget, token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the client throws, the server does not answer.
        catch (Exception) when (!token.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (0, 1);
        }
    }

    /// <summary>Whether there is a value; it is in <paramref name="buffer"/> then.</summary>
    public async ValueTask<bool> ReadAsync(string key, PayloadBuffer buffer, CancellationToken token)
        => await RunAsync(new Operation(this, Kind.Read, key, buffer, default, default, Options.Timeout, IsAsync: true), token).ConfigureAwait(false) == L2Result.Hit;

    /// <summary>The same on this thread, which needs no other one to come back in time.</summary>
    public bool Read(string key, PayloadBuffer buffer)
    {
        // Completed already: every step of the synchronous form is.
        var run = RunAsync(new Operation(this, Kind.Read, key, buffer, default, default, Options.Timeout, IsAsync: false), CancellationToken.None);
        return (run.IsCompleted ? run.Result : run.AsTask().GetAwaiter().GetResult()) == L2Result.Hit;
    }

    public ValueTask<L2Result> WriteAsync(string key, ReadOnlyMemory<byte> value, TimeSpan ttl, CancellationToken token)
        => RunAsync(new Operation(this, Kind.Write, key, null, value, ttl, Options.WriteTimeout, IsAsync: true), token);

    /// <summary>Puts a mark where there is none: <see cref="L2Result.Stored"/>, or <see cref="L2Result.Refused"/> when there is one.</summary>
    public ValueTask<L2Result> AddAsync(string key, TimeSpan ttl, TimeSpan budget, bool async, CancellationToken token)
        => RunAsync(new Operation(this, Kind.Add, key, null, default, ttl, Least(budget), async), token);

    /// <summary>Whether there is a mark: <see cref="L2Result.Hit"/> or <see cref="L2Result.Miss"/>.</summary>
    public ValueTask<L2Result> LookAsync(string key, PayloadBuffer buffer, TimeSpan budget, bool async, CancellationToken token)
        => RunAsync(new Operation(this, Kind.Look, key, buffer, default, default, Least(budget), async), token);

    public ValueTask<L2Result> DeleteAsync(string key, CancellationToken token)
        => RunAsync(new Operation(this, Kind.Delete, key, null, default, default, Options.WriteTimeout, IsAsync: true), token);

    private TimeSpan Least(TimeSpan budget) => budget < Options.Timeout ? budget : Options.Timeout;

    private async ValueTask<L2Result> RunAsync(Operation operation, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, token);
        var start = Time.GetTimestamp();
        try
        {
            var outcome = await _pipeline.ExecuteOutcomeAsync(
                static (context, run) => run.Level.AttemptAsync(run, context.CancellationToken), context, operation).ConfigureAwait(false);
            var result = outcome.Exception switch
            {
                null => outcome.Result,
                BrokenCircuitException => L2Result.Skipped,
                var error when IsCancellation(error, context) => throw new OperationCanceledException(token),
                TimeoutException => L2Result.TimedOut,
                _ => L2Result.Failed,
            };
            if (outcome.Exception is not null)
            {
                Count(result, outcome.Exception);
            }

            if (operation.Kind is Kind.Read or Kind.Write)
            {
                Interlocked.Increment(ref operation.Kind == Kind.Write ? ref _writes : ref _reads);
                if (result == L2Result.Hit)
                {
                    Interlocked.Increment(ref _hits);
                }

                StateMetrics.SharedOperation(operation.Kind == Kind.Read, result, Time, start, ContextTag);
            }

            return result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<Outcome<L2Result>> AttemptAsync(Operation operation, CancellationToken token)
    {
        try
        {
            var key = Options.KeyPrefix + operation.Key;
            switch (operation.Kind)
            {
                case Kind.Write:
                    return Stored(await _server.WriteAsync(key, operation.Value, operation.Ttl, operation.Budget, token).ConfigureAwait(false));
                case Kind.Add:
                    return Stored(operation.IsAsync
                        ? await _server.AddAsync(key, operation.Ttl, operation.Budget, token).ConfigureAwait(false)
                        : _server.Add(key, operation.Ttl, operation.Budget));
                case Kind.Delete:
                    await _server.DeleteAsync(key, operation.Budget, token).ConfigureAwait(false);
                    return Stored(true);
                default:
                    var found = operation.IsAsync
                        ? await _server.ReadAsync(key, operation.Buffer!, operation.Budget, token).ConfigureAwait(false)
                        : _server.Read(key, operation.Buffer!, operation.Budget);
                    return Outcome.FromResult(found ? L2Result.Hit : L2Result.Miss);
            }
        }
#pragma warning disable CA1031 // Whatever the cache throws, the database can answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return Outcome.FromException<L2Result>(error is AggregateException { InnerException: { } inner } ? inner : error);
        }
    }

    private static Outcome<L2Result> Stored(bool isStored) => Outcome.FromResult(isStored ? L2Result.Stored : L2Result.Refused);

    private void Count(L2Result result, Exception error)
    {
        if (result == L2Result.Skipped)
        {
            Interlocked.Increment(ref _skipped);
            return;
        }

        Interlocked.Increment(ref _failures);
        if (result == L2Result.TimedOut)
        {
            Interlocked.Increment(ref _timeouts);
        }

        LogFailure(_logger, error.GetType().Name);
    }

    private static bool IsCancellation(Exception error, ResilienceContext context)
        => error is OperationCanceledException && context.CancellationToken.IsCancellationRequested;

    // Exceptions are named by their type only: a client's message may hold a key or an address.
    [LoggerMessage(1100, LogLevel.Warning,
        "The shared cache level failed ({Error}) and is left alone for {BreakMilliseconds} ms; queries are answered without it.", EventName = "SharedCacheOpened")]
    private static partial void LogOpened(ILogger logger, string error, double breakMilliseconds);

    [LoggerMessage(1101, LogLevel.Information, "The shared cache level answers again.", EventName = "SharedCacheClosed")]
    private static partial void LogClosed(ILogger logger);

    [LoggerMessage(1102, LogLevel.Debug, "An operation of the shared cache level failed ({Error}); it counts as a miss.", EventName = "SharedCacheFailure")]
    private static partial void LogFailure(ILogger logger, string error);

    private enum Kind
    {
        Read,
        Write,
        Add,
        Look,
        Delete,
    }

    private readonly record struct Operation(
        SharedLevel Level, Kind Kind, string Key, PayloadBuffer? Buffer, ReadOnlyMemory<byte> Value, TimeSpan Ttl, TimeSpan Budget, bool IsAsync);
}
