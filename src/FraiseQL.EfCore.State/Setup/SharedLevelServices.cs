using FraiseQL.EfCore.State.Cache;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>Registers the shared level of a context: the keyed <see cref="IDistributedCache"/> of its type.</summary>
internal static class SharedLevelServices
{
    /// <summary>The last call for a context wins.</summary>
    public static FraiseQLStateBuilder Use(FraiseQLStateBuilder builder, Func<IServiceProvider, L2Options, SharedServer> create)
    {
        var key = builder.ContextType;
        builder.Services.RemoveAllKeyed<IDistributedCache>(key);
        builder.Services.AddKeyedSingleton<IDistributedCache>(key, (services, _) => create(services, OptionsOf(services, key).Cache.L2));
        return builder;
    }

    /// <summary>Lets the shared level begin to connect when the host starts.</summary>
    public static void AddStart(IServiceCollection services, Type key)
        => services.AddSingleton<IHostedService>(provider => new SharedLevelStart(provider.GetKeyedService<IDistributedCache>(key) as SharedServer));

    public static FraiseQLStateOptions OptionsOf(IServiceProvider services, Type key)
        => services.GetRequiredService<IOptionsMonitor<FraiseQLStateOptions>>().Get(key.FullName!);

    private sealed class SharedLevelStart(SharedServer? server) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            server?.Start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
