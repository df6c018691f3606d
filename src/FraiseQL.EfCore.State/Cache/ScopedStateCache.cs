using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Warming;
using FraiseQL.EfCore.State.Writes;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>Invalidates through the context of a scope that is there, and so with its transaction. As the context, not thread-safe.</summary>
internal sealed class ScopedStateCache(IServiceProvider services, Type contextType) : IStateCache
{
    public CacheStatistics GetStatistics() => StateCache.StatisticsOf(services.GetRequiredKeyedService<StateRuntime>(contextType));

    public Task InvalidateAsync(Action<CacheInvalidation> what, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(what);
        return InvalidationNote.WriteAsync(StateCache.ContextOf(services, contextType), what, cancellationToken);
    }

    public Task<IReadOnlyList<WarmedQuery>> PreloadAsync(IEnumerable<string> names, CancellationToken cancellationToken)
        => services.GetRequiredKeyedService<Warmer>(contextType).PreloadAsync(names, cancellationToken);
}
