using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>
/// Ends a start that cannot lead to what was configured, before anything has begun: a context that is not registered, is not PostgreSQL's or has no state,
/// an entity with a profile that does not exist, two contexts that would share their handlers' events. Needs no connection.
/// </summary>
/// <param name="plan">What was registered.</param>
/// <param name="services">The application's services.</param>
/// <param name="options">The options of the context, where it was registered with some.</param>
internal sealed class StartCheck(StatePlan plan, IServiceProvider services, Func<IServiceProvider, DbContextOptions?> options) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var runtime = services.GetRequiredKeyedService<StateRuntime>(plan.ContextType);
        CheckGroups(runtime);
        await CheckContextAsync(runtime).ConfigureAwait(false);
        var strategy = runtime.Options.Cache.Invalidation.Strategy;
        if (strategy != InvalidationStrategy.Cascade)
        {
            runtime.Logger.InvalidationRelaxed(plan.PathOf("Cache:Invalidation:Strategy"), strategy);
        }

        foreach (var section in plan.Sections.OfType<IConfigurationSection>().Where(section => !section.Exists()))
        {
            runtime.Logger.SectionMissing(section.Path, plan.ContextType.Name);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void CheckGroups(StateRuntime runtime)
    {
        if (runtime.Options.Cdc.HandlerGroup is not { Length: > 0 } group)
        {
            return;
        }

        foreach (var other in services.GetServices<StatePlan>())
        {
            if (other != plan && SharedLevelServices.OptionsOf(services, other.ContextType).Cdc.HandlerGroup == group)
            {
                throw new InvalidOperationException(StateStrings.GroupOfTwo(plan.PathOf("Cdc:HandlerGroup"), plan.ContextType.Name, other.ContextType.Name, group));
            }
        }
    }

    private async Task CheckContextAsync(StateRuntime runtime)
    {
        var scope = services.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        if (Try(() => options(scope.ServiceProvider), out bool _) is { } registered)
        {
            // The context's constructor would do it; but what that throws may be the application's.
            registered.FindExtension<FraiseQLStateOptionsExtension>()?.Validate(registered);
        }

        var context = Try(() => (DbContext?)scope.ServiceProvider.GetService(plan.ContextType), out var threw);
        if (context is null)
        {
            // One that cannot be made here, for want of a request, can perhaps be made elsewhere; the listener says what it meets.
            if (!threw && runtime.HasListener)
            {
                throw new InvalidOperationException(StateStrings.ContextNotRegistered(plan.ContextType.Name));
            }

            return;
        }

        if (context.GetService<IDbContextOptions>().FindExtension<FraiseQLStateOptionsExtension>() is null)
        {
            throw new InvalidOperationException(StateStrings.StateNotUsed(plan.ContextType.Name));
        }

        CheckProfiles(runtime, context);
    }

    private static T? Try<T>(Func<T?> resolve, out bool threw)
        where T : class
    {
        threw = false;
        try
        {
            return resolve();
        }
#pragma warning disable CA1031 // The application's: its factory, its constructor.
        catch (Exception)
#pragma warning restore CA1031
        {
            threw = true;
            return null;
        }
    }

    private static void CheckProfiles(StateRuntime runtime, DbContext context)
    {
        // A model that cannot be built is told by whoever uses it, with EF's own words.
        if (Try(() => context.Model, out bool _) is not { } model)
        {
            return;
        }

        var known = runtime.Options.Cache.Profiles;
        foreach (var entity in model.GetEntityTypes())
        {
            if (entity.FindAnnotation(StateAnnotations.CacheProfile)?.Value is string profile && !known.ContainsKey(profile))
            {
                throw new InvalidOperationException($"{entity.DisplayName()}: {StateStrings.UnknownProfile(profile, known.Keys)}");
            }
        }
    }
}
