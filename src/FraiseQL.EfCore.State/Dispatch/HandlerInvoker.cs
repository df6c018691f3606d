using System.Diagnostics;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
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

    private static readonly ResiliencePropertyKey<Delivery> DeliveryKey = new("delivery");

    private readonly IServiceScopeFactory _scopes;
    private readonly Type _contextType;
    private readonly IHandlerGroup _group;
    private readonly bool _showsErrors;
    private readonly ResiliencePipeline _pipeline;

    public HandlerInvoker(IServiceScopeFactory scopes, Type contextType, HandlerRetryOptions options, StateRuntime runtime, IHandlerGroup group, bool showsErrors)
    {
        _scopes = scopes;
        _group = group;
        _showsErrors = showsErrors;
        _contextType = contextType;
        var builder = new ResiliencePipelineBuilder { TimeProvider = runtime.Time };
        if (options.Attempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static outcome
                    => new(outcome.Outcome.Exception is not (null or LeaseLostException) && !outcome.Context.CancellationToken.IsCancellationRequested),
                MaxRetryAttempts = options.Attempts - 1,
                BackoffType = options.Backoff switch
                {
                    RetryBackoff.Linear => DelayBackoffType.Linear,
                    RetryBackoff.Fixed => DelayBackoffType.Constant,
                    _ => DelayBackoffType.Exponential,
                },
                UseJitter = options.Jitter,
                Delay = options.MinDelay,
                MaxDelay = options.MaxDelay,
                OnRetry = attempt =>
                {
                    var delivery = attempt.Context.Properties.GetValue(DeliveryKey, null!);
                    runtime.Logger.HandlerRetried(
                        Loggable(attempt.Outcome.Exception!), delivery.Routes[delivery.Handled].Name, delivery.Record.Type,
                        delivery.Record.Change.Seq, delivery.Attempts);
                    StateMetrics.Handled(group.Name, HandlerOutcome.Retried);
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
        using var activity = StateActivities.Delivering(_group.Name, delivery.Record.Type, delivery.Record.TraceParent);
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
        catch (Exception error) when (error is not LeaseLostException && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
            return error;
        }
        catch (Exception error) when (error is not LeaseLostException)
        {
            throw new OperationCanceledException("Stopped while handling.", error, cancellationToken);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>The error as it may be logged.</summary>
    public Exception Loggable(Exception error) => LoggedError.OfApplication(error, _showsErrors);

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
            var route = delivery.Routes[delivery.Handled];
            var scope = _scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                if (route.Settings.HasInbox)
                {
                    await InvokeOnceAsync(delivery, route, scope.ServiceProvider, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await route.InvokeAsync(
                        delivery.Record, Context(delivery, route, scope.ServiceProvider), static handle => handle(), cancellationToken).ConfigureAwait(false);
                }
            }

            delivery.Handled++;
        }
    }

    /// <summary>Runs the handler within a transaction of its scope's context, together with the note that it ran.</summary>
    private async Task InvokeOnceAsync(Delivery delivery, HandlerRoute route, IServiceProvider services, CancellationToken cancellationToken)
    {
        // A context that retries refuses transactions begun outside its strategy. What the strategy repeats begins with a new scope, for
        // the context of the failed one knows rows that were rolled back.
        var strategy = ((DbContext)services.GetRequiredService(_contextType)).Database.CreateExecutionStrategy();
        await strategy.ExecuteAsync(
            async token =>
            {
                var scope = _scopes.CreateAsyncScope();
                await using var _ = scope.ConfigureAwait(false);
                var note = new InboxNote(_contextType, _group, route, delivery.Record);
                await route.InvokeAsync(
                    delivery.Record, new ChangeContext(scope.ServiceProvider, _contextType, delivery.Attempts, note),
                    async handle =>
                    {
                        var context = (DbContext)scope.ServiceProvider.GetRequiredService(_contextType);
                        var transaction = await context.Database.BeginTransactionAsync(token).ConfigureAwait(false);
                        await using var __ = transaction.ConfigureAwait(false);
                        if (!await note.TryWriteAsync(context, token).ConfigureAwait(false))
                        {
                            StateMetrics.Handled(_group.Name, HandlerOutcome.Duplicate);
                            return;
                        }

                        await handle().ConfigureAwait(false);
                        await transaction.CommitAsync(token).ConfigureAwait(false);
                    },
                    token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private ChangeContext Context(Delivery delivery, HandlerRoute route, IServiceProvider services)
        => new(services, _contextType, delivery.Attempts, _group is BroadcastGroup ? null : new InboxNote(_contextType, _group, route, delivery.Record));
}
