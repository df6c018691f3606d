using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>What handlers add to the application's services, once per context and only when there is a handler.</summary>
internal static class DispatchServices
{
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
