using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore.Query;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>Marks queries as cacheable.</summary>
public static class FraiseQLStateQueryableExtensions
{
    /// <summary>
    /// Caches the result of this query for the default time to live (<c>Cache:DefaultTtl</c>, 5 minutes). The context needs
    /// <c>UseFraiseQLState()</c>. A query that cannot be cached exactly is executed as usual, and the reason is logged once.
    /// </summary>
    /// <remarks>
    /// May stand anywhere on the query itself, not inside a subquery; the last one counts. Has no effect on a query that is not EF Core's.
    /// Within a transaction the database is always asked.
    /// </remarks>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <returns>The query, marked.</returns>
    public static IQueryable<TSource> Cacheable<TSource>(this IQueryable<TSource> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Provider is IAsyncQueryProvider
            ? source.Provider.CreateQuery<TSource>(Expression.Call(
                null,
                Marks<TSource>.ByDefault,
                source.Expression,
                CacheableHint.Instance))
            : source;
    }

    /// <summary>
    /// Caches the result of this query. The context needs <c>UseFraiseQLState()</c>. A query that cannot be cached exactly is executed as
    /// usual, and the reason is logged once.
    /// </summary>
    /// <remarks>
    /// May stand anywhere on the query itself, not inside a subquery; the last one counts. Has no effect on a query that is not EF Core's.
    /// Within a transaction the database is always asked.
    /// </remarks>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <param name="ttl">How long a result may be served: more than zero, at most 365 days. A change in the database ends it sooner.</param>
    /// <returns>The query, marked.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ttl"/> is zero, negative or infinite.</exception>
    public static IQueryable<TSource> Cacheable<TSource>(this IQueryable<TSource> source, TimeSpan ttl)
    {
        ArgumentNullException.ThrowIfNull(source);
        CacheTtl.Check(ttl, nameof(ttl));

        // The ttl is a parameter like any other, so that queries which differ in nothing else are compiled once.
        return source.Provider is IAsyncQueryProvider
            ? source.Provider.CreateQuery<TSource>(Expression.Call(
                null,
                Marks<TSource>.ForTtl,
                source.Expression,
                Expression.Constant(ttl),
                CacheableHint.Instance))
            : source;
    }

    // What stands in expression trees. Without UseFraiseQLState() nothing takes the node out, EF cannot translate it and prints it:
    // the hint's text then says what is missing.
    private static IQueryable<TSource> Cacheable<TSource>(IQueryable<TSource> source, CacheableHint hint) => source;

    private static IQueryable<TSource> Cacheable<TSource>(IQueryable<TSource> source, TimeSpan ttl, CacheableHint hint) => source;

    /// <summary>Whether the call is one of this class's: made by it, or written inside the lambda of a compiled query.</summary>
    internal static bool IsCacheable(MethodCallExpression call, [NotNullWhen(true)] out Expression? source, out Expression? ttl)
    {
        source = null;
        ttl = null;
        if (call.Method.DeclaringType != typeof(FraiseQLStateQueryableExtensions) || call.Method.Name != nameof(Cacheable))
        {
            return false;
        }

        source = call.Arguments[0];
        ttl = call.Arguments.Count > 1 && call.Arguments[1].Type == typeof(TimeSpan) ? call.Arguments[1] : null;
        return true;
    }

    // A delegate's method is made anew each time it is asked for, and reflection remembers nothing about one that is new.
    private static class Marks<TSource>
    {
        public static readonly MethodInfo ByDefault = new Func<IQueryable<TSource>, CacheableHint, IQueryable<TSource>>(Cacheable).Method;

        public static readonly MethodInfo ForTtl = new Func<IQueryable<TSource>, TimeSpan, CacheableHint, IQueryable<TSource>>(Cacheable).Method;
    }
}
