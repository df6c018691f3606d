using FraiseQL.EfCore.State.Health;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.Warming;

/// <summary>What warming adds to the application's services, once per context. After the listener, which it waits for.</summary>
internal static class WarmupServices
{
    public static void Add(FraiseQLStateBuilder builder)
    {
        var (services, key) = (builder.Services, builder.ContextType);
        if (Find(builder) is not null)
        {
            return;
        }

        services.AddKeyedSingleton<WarmupRegistry>((object)key, new WarmupRegistry(key));
        services.AddKeyedSingleton(key, (provider, _) => new Warmer(
            provider.GetRequiredKeyedService<WarmupRegistry>(key),
            provider.GetRequiredKeyedService<StateRuntime>(key),
            provider.GetRequiredKeyedService<ListenerStatus>(key),
            provider.GetRequiredService<IServiceScopeFactory>(),
            key));
        services.AddKeyedSingleton<IWarmupStatus>(key, (provider, _) => provider.GetRequiredKeyedService<Warmer>(key));
        services.TryAddSingleton<IWarmupStatus>(provider => provider.GetRequiredKeyedService<Warmer>(key));
        services.AddSingleton<IHostedService>(provider => new WarmupService(
            provider.GetRequiredKeyedService<Warmer>(key), provider.GetRequiredKeyedService<StateRuntime>(key), provider.GetRequiredKeyedService<ListenerStatus>(key)));
    }

    /// <summary>Where a warm-up is to be added. With the first of them there is something to be asked for its health.</summary>
    public static WarmupRegistry RegistryOf(FraiseQLStateBuilder builder)
    {
        var (registry, key) = (Find(builder)!, builder.ContextType);
        if (!registry.HasHealth)
        {
            registry.HasHealth = true;
            builder.Services.AddKeyedSingleton<HealthPart>(
                (object)key, new HealthPart("warmup", (services, _) => new WarmupHealthCheck(services.GetRequiredKeyedService<IWarmupStatus>(key))));
        }

        return registry;
    }

    private static WarmupRegistry? Find(FraiseQLStateBuilder builder)
        => builder.Services
            .Where(service => service.IsKeyedService && Equals(service.ServiceKey, builder.ContextType))
            .Select(service => service.KeyedImplementationInstance)
            .OfType<WarmupRegistry>()
            .FirstOrDefault();
}
