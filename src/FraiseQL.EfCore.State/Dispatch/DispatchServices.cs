using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>What handlers add to the application's services, once per context and only when there is a handler.</summary>
internal static class DispatchServices
{
    /// <summary>What is there without a handler too.</summary>
    public static void Add(FraiseQLStateBuilder builder)
    {
        var key = builder.ContextType;
        if (builder.Services.Any(s => s.IsKeyedService && s.ServiceType == typeof(IDeadLetters) && Equals(s.ServiceKey, key)))
        {
            return;
        }

        builder.Services.AddKeyedSingleton<IDeadLetters>(key, (services, _) => new DeadLetters(
            services.GetRequiredKeyedService<ContextDatabase>(key), services.GetRequiredKeyedService<ListenerStatus>(key)));
        builder.Services.AddKeyedSingleton<IHandlerGroups>(key, (services, _) => new HandlerGroups(services.GetRequiredKeyedService<ContextDatabase>(key)));
        builder.Services.TryAddSingleton<IHandlerGroups>(services => services.GetRequiredKeyedService<IHandlerGroups>(key));
        builder.Services.TryAddSingleton<IDeadLetters>(services => services.GetRequiredKeyedService<IDeadLetters>(key));
    }

    public static HandlerRegistry RegistryOf(FraiseQLStateBuilder builder)
    {
        var key = builder.ContextType;
        foreach (var service in builder.Services)
        {
            if (service.IsKeyedService && Equals(service.ServiceKey, key) && service.KeyedImplementationInstance is HandlerRegistry known)
            {
                return known;
            }
        }

        var registry = new HandlerRegistry(key);
        builder.Services.AddKeyedSingleton<HandlerRegistry>(key, registry);
        builder.Services.AddSingleton<IHostedService>(services => new ChangeDispatcher(
            registry,
            services.GetRequiredKeyedService<ContextDatabase>(key),
            services.GetRequiredKeyedService<StateRuntime>(key),
            services.GetRequiredKeyedService<ListenerStatus>(key),
            services.GetRequiredService<IServiceScopeFactory>()));
        return registry;
    }
}
