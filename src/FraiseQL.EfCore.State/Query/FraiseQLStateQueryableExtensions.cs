using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore.Query;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>Marks queries as cacheable, and explains what becomes of them.</summary>
public static class FraiseQLStateQueryableExtensions
{
    /// <summary>
    /// Caches the result of this query for the default time to live: the entity's (<c>HasCacheProfile</c>), else <c>Cache:DefaultTtl</c>,
    /// 5 minutes. The context needs <c>UseFraiseQLState()</c>. A query that cannot be cached exactly is executed as usual, and the reason is
    /// logged once.
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
        return Mark(source, CacheableOptions.Default);
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
        return CacheableOptions.InternedFor(ttl) is { } options && source.Provider is IAsyncQueryProvider
            ? source.Provider.CreateQuery<TSource>(new CacheableExpression(source.Expression, options))
            : MarkByValue(source, ttl);
    }

    /// <summary>Caches the result of this query as a profile says: one of <see cref="CacheProfile"/>, or of <c>Cache:Profiles</c>.</summary>
    /// <remarks>As <see cref="Cacheable{TSource}(IQueryable{TSource}, TimeSpan)"/>.</remarks>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <param name="profile">The name of the profile.</param>
    /// <returns>The query, marked.</returns>
    /// <exception cref="InvalidOperationException">Thrown when the query is executed: there is no such profile; the message names those that exist.</exception>
    public static IQueryable<TSource> Cacheable<TSource>(this IQueryable<TSource> source, string profile)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrWhiteSpace(profile);
        return Mark(source, new CacheableOptions { Profile = profile });
    }

    /// <summary>Caches the result of this query as the options say.</summary>
    /// <remarks>As <see cref="Cacheable{TSource}(IQueryable{TSource}, TimeSpan)"/>.</remarks>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <param name="configure">Sets the options; called at once.</param>
    /// <returns>The query, marked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A time is zero, negative or infinite.</exception>
    public static IQueryable<TSource> Cacheable<TSource>(this IQueryable<TSource> source, Action<CacheableOptionsBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(configure);
        return Mark(source, CacheableOptionsBuilder.Build(configure));
    }

    /// <summary>
    /// Reads the database, whatever <c>CacheAllQueries</c>, or a <c>.Cacheable()</c> further inside, says. The last mark on a query counts.
    /// </summary>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <returns>The query, marked.</returns>
    public static IQueryable<TSource> NotCacheable<TSource>(this IQueryable<TSource> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Mark(source, CacheableOptions.Never);
    }

    /// <summary>
    /// Says what the cache would do with this query now, line by line: whether it is cacheable or why not (with a stable code), its time to live
    /// and where that comes from, what it depends on, its key, and whether the result is in memory. Executes nothing.
    /// </summary>
    /// <remarks>Holds parameter values and scopes: for the developer, not for logs.</remarks>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <returns>Lines of the form <c>name: value</c>.</returns>
    public static string ToCacheExplainString<TSource>(this IQueryable<TSource> source) => Explain(source).Text;

    /// <summary>The key of this query in the form that people read, such as <c>query:GetUserPosts:user-456:limit-20:v2</c>. Executes nothing.</summary>
    /// <remarks>
    /// Not what identifies an entry: that are the exact bytes, and SHA-256 of them on the shared server. Holds parameter values and scopes:
    /// for the developer, not for logs.
    /// </remarks>
    /// <typeparam name="TSource">The type of the elements.</typeparam>
    /// <param name="source">The query.</param>
    /// <returns>The key.</returns>
    /// <exception cref="InvalidOperationException">The query is not cacheable; the message says why.</exception>
    public static string ToCacheKeyString<TSource>(this IQueryable<TSource> source)
    {
        var explanation = Explain(source);
        return explanation.Key ?? throw new InvalidOperationException(StateStrings.NoCacheKey(explanation.Text));
    }

    private static CacheExplanation Explain<TSource>(IQueryable<TSource> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Provider is IAsyncQueryProvider
            ? CacheExplanation.Of(() => source.CreateDbCommand().Dispose())
            : throw new InvalidOperationException(StateStrings.NotAnEfQuery);
    }

    private static IQueryable<TSource> Mark<TSource>(IQueryable<TSource> source, CacheableOptions options)
        => source.Provider is not IAsyncQueryProvider ? source
            : options.Interned() is { } interned ? source.Provider.CreateQuery<TSource>(new CacheableExpression(source.Expression, interned))
            : MarkByValue(source, options);

    // A parameter like any other, so that queries which differ in nothing else are compiled once.
    private static IQueryable<TSource> MarkByValue<TSource>(IQueryable<TSource> source, object options)
        => source.Provider is not IAsyncQueryProvider
            ? source
            : source.Provider.CreateQuery<TSource>(new CacheableExpression(
                Expression.Call(null, Marks<TSource>.ByValue, source.Expression, Expression.Constant(options, typeof(object))), CacheableOptions.Default));

    // What stands in the tree: around it is a CacheableExpression, which explains itself where nobody understands it.
    private static IQueryable<TSource> CacheableByValue<TSource>(IQueryable<TSource> source, object options) => source;

    // A delegate's method is made anew each time it is asked for, and reflection remembers nothing about one that is new.
    private static class Marks<TSource>
    {
        public static readonly MethodInfo ByValue = new Func<IQueryable<TSource>, object, IQueryable<TSource>>(CacheableByValue).Method;
    }

    /// <summary>Whether the call is one of this class's: made by it, or written inside the lambda of a compiled query.</summary>
    /// <param name="call">A call in a query's tree.</param>
    /// <param name="source">The query that it marks.</param>
    /// <param name="argument">What it says: a time to live, the name of a profile, options, or a lambda that sets them.</param>
    internal static bool IsMark(MethodCallExpression call, [NotNullWhen(true)] out Expression? source, out Expression? argument)
    {
        source = null;
        argument = null;
        if (call.Method.DeclaringType != typeof(FraiseQLStateQueryableExtensions)
            || call.Method.Name is not (nameof(Cacheable) or nameof(NotCacheable) or nameof(CacheableByValue)))
        {
            return false;
        }

        source = call.Arguments[0];
        argument = call.Arguments.Count > 1 ? call.Arguments[1]
            : call.Method.Name == nameof(NotCacheable) ? Expression.Constant(CacheableOptions.Never)
            : null;
        return true;
    }
}
