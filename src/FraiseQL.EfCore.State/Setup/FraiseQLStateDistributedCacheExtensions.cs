using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Caching.Distributed;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets any <see cref="IDistributedCache"/> be the second cache level, shared by all nodes.</summary>
/// <remarks>
/// The keys begin with <c>Cache:L2:KeyPrefix</c>, so the application may use the same cache for itself. Whatever that cache does, a query waits
/// for it no longer than <c>Cache:L2:Timeout</c>, and never fails because of it. One that is an <see cref="IBufferDistributedCache"/> is used with
/// buffers. An operation that ran out of time cannot be stopped, and ends in the background.
/// </remarks>
public static class FraiseQLStateDistributedCacheExtensions
{
    /// <summary>Uses the application's registered <see cref="IDistributedCache"/> as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <returns>The same builder. The last call for a context, also of <c>AddRedis</c> and the like, wins.</returns>
    /// <exception cref="InvalidOperationException">Thrown when the host starts: no <see cref="IDistributedCache"/> is registered.</exception>
    public static FraiseQLStateBuilder AddDistributedCache(this FraiseQLStateBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var context = builder.ContextType.Name;
        return AddDistributedCache(builder, services => services.GetService<IDistributedCache>()
            ?? throw new InvalidOperationException(StateStrings.NoDistributedCache(context)));
    }

    /// <summary>Uses a cache of your choice as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="cache">Finds or makes the cache, once. What it makes is not disposed by this library.</param>
    /// <returns>The same builder. The last call for a context, also of <c>AddRedis</c> and the like, wins.</returns>
    public static FraiseQLStateBuilder AddDistributedCache(this FraiseQLStateBuilder builder, Func<IServiceProvider, IDistributedCache> cache)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(cache);
        return SharedLevelServices.Use(builder, new(L2Backend.Custom, "AddDistributedCache(…)", (services, _) => new ForeignServer(
            cache(services), services.GetService<TimeProvider>() ?? TimeProvider.System)));
    }
}
