using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FraiseQL.EfCore.State.Subscriptions;

/// <summary>What the feed adds to the application's services, once per context.</summary>
internal static class SubscriptionServices
{
    /// <summary>Comes after the cache's own consumer: a watcher that reads at once must find the cache told.</summary>
    public static void Add(FraiseQLStateBuilder builder)
    {
        var key = builder.ContextType;
        if (builder.Services.Any(s => s.IsKeyedService && s.ServiceType == typeof(ChangeFeed) && Equals(s.ServiceKey, key)))
        {
            return;
        }

        builder.Services.AddKeyedSingleton(key, (services, _) => new ChangeFeed(
            services.GetRequiredKeyedService<StateRuntime>(key),
            services.GetRequiredKeyedService<ContextDatabase>(key),
            services.GetRequiredKeyedService<ListenerStatus>(key),
            services.GetRequiredService<IServiceScopeFactory>()));
        builder.Services.AddKeyedSingleton<IBroadcastConsumer>(key, (services, _) => services.GetRequiredKeyedService<ChangeFeed>(key));
        builder.Services.AddKeyedSingleton<IChangeFeed>(key, (services, _) => services.GetRequiredKeyedService<ChangeFeed>(key));
        builder.Services.TryAddSingleton<IChangeFeed>(services => services.GetRequiredKeyedService<ChangeFeed>(key));
    }
}
