using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Testing;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State;

/// <summary>Faults of one application's context: its second level, and its listener. Made by <c>AddFraiseQLStateFaults</c>; for tests.</summary>
/// <remarks>Thread-safe. The servers themselves are not touched: other nodes that use them go on.</remarks>
public sealed class StateFaults
{
    internal const string Purpose = "fraiseql-testing";

    private readonly ListenerFaults _listener;

    private StateFaults(SharedLevelFaults sharedLevel, ListenerFaults listener)
    {
        SharedLevel = sharedLevel;
        _listener = listener;
    }

    /// <summary>What happens to operations of the second level (Redis, Memcached, or any other).</summary>
    public SharedLevelFaults SharedLevel { get; }

    /// <summary>
    /// Ends the listener's connection to the database and refuses it a new one until <see cref="RestoreListener"/>. The application's own connections stay:
    /// this is a node that can read and write and hears of no change.
    /// </summary>
    /// <param name="cancellationToken">Cancels the request to the server; the listener is refused a new connection all the same.</param>
    /// <returns>A task that completes when the server was told to end the connection, or cannot be reached.</returns>
    public Task CutListenerAsync(CancellationToken cancellationToken = default) => _listener.CutAsync(cancellationToken);

    /// <summary>Lets the listener connect again. It goes on where it was: nothing is lost.</summary>
    public void RestoreListener() => _listener.Restore();

    internal static StateFaults Add(IServiceCollection services, Type key)
    {
        if (!services.Any(s => s.IsKeyedService && s.ServiceType == typeof(StateRuntime) && Equals(s.ServiceKey, key)))
        {
            throw new InvalidOperationException(TestingStrings.NoState(key.Name));
        }

        var shared = new SharedLevelFaults(key.Name);
        if (services.LastOrDefault(s => s.IsKeyedService && s.ServiceType == typeof(IDistributedCache) && Equals(s.ServiceKey, key)) is { } inner)
        {
            shared.IsThere = true;
            services.Remove(inner);
            services.AddKeyedSingleton<IDistributedCache>(key, (provider, _) => new FaultySharedServer(
                (IDistributedCache)(inner.KeyedImplementationInstance ?? inner.KeyedImplementationFactory!(provider, key)),
                shared, provider.GetService<TimeProvider>() ?? TimeProvider.System));
        }

        var listener = new ListenerFaults();
        services.AddKeyedSingleton<IConnectionFaults>(key, (provider, _) =>
        {
            listener.Database = new Lazy<ContextDatabase>(() => provider.GetRequiredKeyedService<ContextDatabase>(key));
            return listener;
        });
        return new StateFaults(shared, listener);
    }
}
