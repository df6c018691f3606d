using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace FraiseQL.EfCore.State;

/// <summary>Options of one context, in <c>UseFraiseQLState(o =&gt; …)</c>. What a whole application shares is in <see cref="FraiseQLStateOptions"/>.</summary>
/// <remarks>Not thread-safe, as the builder of the context's options is not.</remarks>
public sealed class FraiseQLStateOptionsBuilder
{
    private readonly DbContextOptionsBuilder _builder;

    internal FraiseQLStateOptionsBuilder(DbContextOptionsBuilder builder) => _builder = builder;

    /// <summary>
    /// Caches every query of the context as if it ended with <c>.Cacheable()</c>, but for those with <c>.NotCacheable()</c> and those which EF
    /// itself makes for an entity that it knows (<c>Find</c>, <c>Reload</c>, <c>GetDatabaseValues</c>, explicit and lazy loading). Queries
    /// that cannot be cached exactly, and those inside a transaction, read the database.
    /// </summary>
    /// <param name="ttl">
    /// How long a result may be served where the query, its profile and its entities do not say; without it, <c>Cache:DefaultTtl</c>.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ttl"/> is zero, negative or infinite.</exception>
    public FraiseQLStateOptionsBuilder CacheAllQueries(TimeSpan? ttl = null)
    {
        if (ttl is { } time)
        {
            CacheTtl.Check(time, nameof(ttl));
        }

        return Set(Extension.WithCacheAllQueries(ttl));
    }

    /// <summary>
    /// Finds the compiled query of a cacheable LINQ query without EF's own search for it, which is most of what a hit in memory costs. Off by
    /// default: it needs an interface that EF keeps for itself and may change in any version. Answers, SQL and errors are EF's, as what it does
    /// not know, or does not understand, takes EF's way.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">
    /// Thrown when the context is used: another package has replaced EF's query compiler, or EF's internal services are the application's own.
    /// </exception>
    public FraiseQLStateOptionsBuilder UseFastFrontEnd() => Set(Extension.WithFastFrontEnd());

    private FraiseQLStateOptionsExtension Extension => _builder.Options.FindExtension<FraiseQLStateOptionsExtension>()!;

    private FraiseQLStateOptionsBuilder Set(FraiseQLStateOptionsExtension extension)
    {
        ((IDbContextOptionsBuilderInfrastructure)_builder).AddOrUpdateExtension(extension);
        return this;
    }
}
