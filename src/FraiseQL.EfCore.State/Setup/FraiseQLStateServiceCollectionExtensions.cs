using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Checks;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Subscriptions;
using FraiseQL.EfCore.State.Warming;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the parts of FraiseQL state that live in the application: options, the second level, the listener, the handlers.</summary>
public static class FraiseQLStateServiceCollectionExtensions
{
    /// <summary>
    /// Adds the listener that keeps this node's cache true to every committed change, and lets handlers be registered. The context itself
    /// is registered as usual, with <c>UseFraiseQLState()</c> in its options. Calling it again for the same context adds to the first call.
    /// </summary>
    /// <typeparam name="TContext">The context whose database is listened to.</typeparam>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">The section with the options, by convention <c>FraiseQL:State</c>; without it, the defaults.</param>
    /// <param name="configure">Options set in code, after the section.</param>
    /// <returns>A builder for satellites and handlers.</returns>
    /// <exception cref="InvalidOperationException">
    /// A key of the section is unknown, or its text is not what it holds; the message names each of them and what to write. Thrown when the host starts: the
    /// context is not registered, is not PostgreSQL's, or lacks <c>UseFraiseQLState()</c>.
    /// </exception>
    /// <exception cref="OptionsValidationException">Thrown when the host starts: a value is out of range, or does not go with another one.</exception>
    public static FraiseQLStateBuilder AddFraiseQLState<TContext>(
        this IServiceCollection services,
        IConfiguration? configuration = null,
        Action<FraiseQLStateOptions>? configure = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(services);
        var key = typeof(TContext);
        var name = key.FullName!;
        var options = services.AddOptions<FraiseQLStateOptions>(name);
        var plan = StatePlan.Of(services, key);
        if (configuration is not null)
        {
            SectionCheck.ThrowIfWrong(configuration);
            plan.Sections.Add(configuration);
            options.Configure(o => Bind(configuration, o));
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (!services.Any(s => s.IsKeyedService && s.ServiceType == typeof(StateRuntime) && Equals(s.ServiceKey, key)))
        {
            options.ValidateOnStart();
            services.AddSingleton<IValidateOptions<FraiseQLStateOptions>>(new FraiseQLStateOptionsValidator(plan));
            services.AddSingleton<IHostedService>(provider => new StartCheck(plan, provider, static scoped => scoped.GetService<DbContextOptions<TContext>>()));
            AddReload(services, plan);
            services.AddKeyedSingleton(key, (provider, _) => CreateRuntime(provider, key));
            services.AddKeyedSingleton<IBroadcastConsumer>(key, (provider, _) => new CacheInvalidator(
                provider.GetRequiredKeyedService<StateRuntime>(key), provider.GetRequiredService<IServiceScopeFactory>(), key));
            services.AddKeyedSingleton<IStateCache>(key, (provider, _) => new StateCache(
                provider.GetRequiredService<IServiceScopeFactory>(), key, provider.GetRequiredKeyedService<Warmer>(key),
                () => provider.GetRequiredKeyedService<StateRuntime>(key)));
            services.TryAddSingleton<IStateCache>(provider => provider.GetRequiredKeyedService<IStateCache>(key));
            services.AddSingleton(new RegisteredContext(key));
            SharedLevelServices.AddStart(services, key);
            services.AddSingleton<IHostedService>(provider => new ConsistencyChecker(provider.GetRequiredKeyedService<StateRuntime>(key)));
            services.AddKeyedSingleton<IConsistencyChecks>(key, (provider, _) => provider.GetRequiredKeyedService<StateRuntime>(key).Checks);
            services.TryAddSingleton<IConsistencyChecks>(provider => provider.GetRequiredKeyedService<StateRuntime>(key).Checks);
        }

        var builder = new FraiseQLStateBuilder(services, key);
        ListenerServices.Add(builder);
        SubscriptionServices.Add(builder);
        DispatchServices.Add(builder);
        WarmupServices.Add(builder);
        return builder;
    }

    // Once more when the options are made: sources may have been added since, and changed.
    private static void Bind(IConfiguration section, FraiseQLStateOptions options)
    {
        SectionCheck.ThrowIfWrong(section);
        section.Bind(options);
    }

    // By hand, and not with OptionsBuilder.Bind: its monitor throws into whoever reloads a configuration that is wrong.
    private static void AddReload(IServiceCollection services, StatePlan plan)
    {
        services.AddKeyedSingleton(plan.ContextType, (provider, _) => new OptionsReload(
            plan, provider.GetRequiredKeyedService<StateRuntime>(plan.ContextType), provider.GetRequiredService<IOptionsFactory<FraiseQLStateOptions>>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<OptionsReload>(plan.ContextType));
    }

    private static StateRuntime CreateRuntime(IServiceProvider provider, Type key)
    {
        var options = SharedLevelServices.OptionsOf(provider, key);
        var loggers = provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var time = provider.GetService<TimeProvider>() ?? TimeProvider.System;
        var l2 = SharedLevelServices.Find(provider, key) is { } inner
            ? new SharedLevel(inner, options.Cache.L2, time, loggers.CreateLogger(FraiseQLStateDiagnostics.LoggerName))
            : null;
        CacheScope[] all = [.. provider.GetKeyedServices<CacheScope>(key)];
        var writes = new WriteContexts(
            options.Cdc.WriteContext, [.. provider.GetKeyedServices<Action<WriteContext>>(key)],
            all.LastOrDefault(s => s.Name.Equals("tenant", StringComparison.OrdinalIgnoreCase)),
            loggers.CreateLogger(FraiseQLStateDiagnostics.LoggerName));
        return new StateRuntime(options, time, loggers, l2, options.Cdc.Enabled, new CacheScopes(options.Cache.Version, all), writes) { ContextName = key.Name };
    }
}
