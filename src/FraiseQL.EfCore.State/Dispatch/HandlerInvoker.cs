using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Calls the handlers of an event, each attempt in a scope of its own, and again after a pause when one fails.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class HandlerInvoker
{
    private const int MaxErrorLength = 4000;

    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(30);
    private static readonly ResiliencePropertyKey<Delivery> DeliveryKey = new("delivery");

    private readonly IServiceScopeFactory _scopes;
    private readonly ResiliencePipeline _pipeline;

    public HandlerInvoker(IServiceScopeFactory scopes, StateRuntime runtime)
    {
        _scopes = scopes;
        var options = runtime.Options.Cdc;
        var builder = new ResiliencePipelineBuilder { TimeProvider = runtime.Time };
        if (options.HandlerAttempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static outcome
                    => new(outcome.Outcome.Exception is not null && !outcome.Context.CancellationToken.IsCancellationRequested),
                MaxRetryAttempts = options.HandlerAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.HandlerRetryDelay,
                MaxDelay = MaxRetryDelay,
                OnRetry = attempt =>
                {
                    var delivery = attempt.Context.Properties.GetValue(DeliveryKey, null!);
                    runtime.Logger.HandlerRetried(
                        attempt.Outcome.Exception!, delivery.Routes[delivery.Handled].Name, delivery.Record.Type,
                        delivery.Record.Change.Seq, delivery.Attempts);
                    return default;
                },
            });
        }

        _pipeline = builder.Build();
    }

    /// <summary>Handles the event.</summary>
    /// <returns><see langword="null"/>, or the error of the last attempt.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; the event is neither handled nor failed.</exception>
    public async Task<Exception?> TryHandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(DeliveryKey, delivery);
        try
        {
            await _pipeline.ExecuteAsync(
                static (current, state) => state.Invoker.AttemptAsync(state.Delivery, current.CancellationToken),
                context, (Invoker: this, Delivery: delivery)).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // whatever a handler throws is its event's trouble alone
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return error;
        }
        catch (Exception error)
        {
            throw new OperationCanceledException("Stopped while handling.", error, cancellationToken);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>The text that is kept beside a parked event.</summary>
    public static string Describe(Exception error)
    {
        var text = error.ToString().Replace('\0', ' ');
        return text.Length > MaxErrorLength ? text[..MaxErrorLength] : text;
    }

    private async ValueTask AttemptAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        delivery.Attempts++;
        while (delivery.Handled < delivery.Routes.Count)
        {
            var scope = _scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await delivery.Routes[delivery.Handled]
                    .InvokeAsync(delivery.Record, scope.ServiceProvider, delivery.Attempts, cancellationToken).ConfigureAwait(false);
            }

            delivery.Handled++;
        }
    }
}
