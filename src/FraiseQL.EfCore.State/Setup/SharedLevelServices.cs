using FraiseQL.EfCore.State.Cache;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>Registers the shared level of a context: the keyed <see cref="IDistributedCache"/> of its type.</summary>
internal static class SharedLevelServices
{
    /// <summary>The last call for a context wins.</summary>
    public static FraiseQLStateBuilder Use(FraiseQLStateBuilder builder, SharedLevelRegistration registration)
    {
        var key = builder.ContextType;
        StatePlan.Of(builder.Services, key).Shared = registration;
        builder.Services.RemoveAllKeyed<IDistributedCache>(key);
        builder.Services.AddKeyedSingleton<IDistributedCache>(key, (services, _) => registration.Create(services, OptionsOf(services, key).Cache.L2));
        return builder;
    }

    /// <summary>The context's shared level, if it has one that is to be used.</summary>
    public static IDistributedCache? Find(IServiceProvider services, Type key)
        => OptionsOf(services, key).Cache.L2.Backend == L2Backend.None ? null : services.GetKeyedService<IDistributedCache>(key);

    /// <summary>Lets the shared level begin to connect when the host starts.</summary>
    public static void AddStart(IServiceCollection services, Type key)
        => services.AddSingleton<IHostedService>(provider => new SharedLevelStart(provider, key));

    public static FraiseQLStateOptions OptionsOf(IServiceProvider services, Type key)
        => services.GetRequiredService<IOptionsMonitor<FraiseQLStateOptions>>().Get(key.FullName!);

    private sealed class SharedLevelStart(IServiceProvider services, Type key) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            if (Find(services, key) is not { } cache)
            {
                return;
            }

            var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
            var server = cache as SharedServer ?? new ForeignServer(cache, time);
            server.Start();
            var logger = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<SharedSizeCheck>();
            await new SharedSizeCheck(server, OptionsOf(services, key).Cache.L2, time, logger).RunAsync(stoppingToken).ConfigureAwait(false);
        }
    }
}
