using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Warming;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>Invalidates through a context of its own scope at each call.</summary>
internal sealed class StateCache(IServiceScopeFactory scopes, Type contextType, Warmer warmer, Func<StateRuntime> runtime) : IStateCache
{
    public CacheStatistics GetStatistics() => StatisticsOf(runtime());

    public async Task InvalidateAsync(Action<CacheInvalidation> what, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(what);
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        await InvalidationNote.WriteAsync(ContextOf(scope.ServiceProvider, contextType), what, cancellationToken).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<WarmedQuery>> PreloadAsync(IEnumerable<string> names, CancellationToken cancellationToken)
        => warmer.PreloadAsync(names, cancellationToken);

    public static CacheStatistics StatisticsOf(StateRuntime runtime)
        => runtime.Statistics.Read(runtime.HasListener, runtime.Store.Memory.Bytes, runtime.Store.Memory.Count);

    public static DbContext ContextOf(IServiceProvider services, Type contextType)
        => services.GetService(contextType) as DbContext ?? throw new InvalidOperationException(StateStrings.ContextNotRegistered(contextType.Name));
}
