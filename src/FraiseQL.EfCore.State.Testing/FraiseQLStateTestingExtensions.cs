using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What tests ask of an application's services.</summary>
public static class FraiseQLStateTestingExtensions
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Waits until this node has read the event log as far as it is committed now, so that what any program has written before the call is known to
    /// its cache and told to its feeds. Handlers run on their own; wait for their effect.
    /// </summary>
    /// <typeparam name="TContext">The type that <c>AddFraiseQLState</c> was called with.</typeparam>
    /// <param name="services">The services of a started host.</param>
    /// <param name="timeout">How long to wait at most; 30 seconds unless given.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when the node has caught up.</returns>
    /// <exception cref="TimeoutException">It has not caught up in time; the message says what is known of the reason.</exception>
    /// <exception cref="InvalidOperationException"><c>AddFraiseQLState&lt;TContext&gt;()</c> was not called, or <c>Cdc:Enabled</c> is off.</exception>
    public static async Task WaitUntilCaughtUpAsync<TContext>(
        this IServiceProvider services, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(services);
        var name = typeof(TContext).Name;
        var runtime = services.GetKeyedService<StateRuntime>(typeof(TContext)) ?? throw new InvalidOperationException(TestingStrings.NoState(name));
        if (!runtime.Options.Cdc.Enabled)
        {
            throw new InvalidOperationException(TestingStrings.NoListener(name));
        }

        var status = services.GetRequiredKeyedService<ListenerStatus>(typeof(TContext));
        var limit = timeout ?? TimeSpan.FromSeconds(30);
        var start = TimeProvider.System.GetTimestamp();
        var now = await SnapshotAsync(services.GetRequiredKeyedService<ContextDatabase>(typeof(TContext)), cancellationToken).ConfigureAwait(false);
        while (!(status.Connected && status.Position?.Contains(now) == true))
        {
            if (TimeProvider.System.GetElapsedTime(start) > limit)
            {
                throw new TimeoutException(TestingStrings.NotCaughtUp(name, limit, status.Connected, string.Join(' ', status.CaptureProblems)));
            }

            // As a commit of this node rings: an idle listener would look a second later only.
            runtime.ListenerWake.Ring();
            await Task.Delay(s_pause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Lets a test disturb the second level and the listener of a context. Call it after <c>AddFraiseQLState</c> and <c>AddRedis</c> and the like, as in
    /// <c>ConfigureTestServices</c>; nothing is disturbed until <paramref name="faults"/> is told so.
    /// </summary>
    /// <typeparam name="TContext">The type that <c>AddFraiseQLState</c> was called with.</typeparam>
    /// <param name="services">The application's services.</param>
    /// <param name="faults">What the test uses.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="InvalidOperationException"><c>AddFraiseQLState&lt;TContext&gt;()</c> was not called before.</exception>
    public static IServiceCollection AddFraiseQLStateFaults<TContext>(this IServiceCollection services, out StateFaults faults)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(services);
        faults = StateFaults.Add(services, typeof(TContext));
        return services;
    }

    private static async Task<PgSnapshot> SnapshotAsync(ContextDatabase database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(StateFaults.Purpose, cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var command = new NpgsqlCommand("select pg_catalog.pg_current_snapshot()::text", connection);
        await using var __ = command.ConfigureAwait(false);
        return PgSnapshot.Parse((string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!);
    }
}
