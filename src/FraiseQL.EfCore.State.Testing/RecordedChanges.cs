using FraiseQL.EfCore.State.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State;

/// <summary>Begins to record the committed changes that a node is told of. For tests.</summary>
public static class RecordedChanges
{
    /// <summary>Begins to record the changes of one entity type: when the task completes, no change that is committed afterwards is missed.</summary>
    /// <typeparam name="TContext">The type that <c>AddFraiseQLState</c> was called with.</typeparam>
    /// <typeparam name="TEntity">An entity type of its model, at the root of its hierarchy.</typeparam>
    /// <param name="services">The services of a started host.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>What is recorded; dispose it.</returns>
    /// <exception cref="TimeoutException">The node's listener has not connected within 30 seconds.</exception>
    /// <exception cref="InvalidOperationException">The entity type is not in the model, or its changes are not captured.</exception>
    public static async Task<RecordedChanges<TEntity>> StartAsync<TContext, TEntity>(IServiceProvider services, CancellationToken cancellationToken = default)
        where TContext : DbContext
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(services);
        await services.WaitUntilCaughtUpAsync<TContext>(cancellationToken: cancellationToken).ConfigureAwait(false);
        var recorded = new RecordedChanges<TEntity>(services.GetRequiredKeyedService<IChangeFeed>(typeof(TContext)));
        try
        {
            await recorded.StartedAsync(cancellationToken).ConfigureAwait(false);
            return recorded;
        }
        catch
        {
            await recorded.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
