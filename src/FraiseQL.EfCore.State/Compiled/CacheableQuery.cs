using System.Linq.Expressions;
using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Compiled;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>
/// Compiles cacheable queries whose result is shared: on a hit every caller gets the same objects, and nothing of EF runs.
/// </summary>
/// <remarks>
/// <para>
/// For results that nobody can change: records and classes with init-only members, anonymous types, tuples, single values. Anything else is refused
/// when the query is compiled, and the message says why. What makes a cached result valid is as with <c>.Cacheable()</c>: a change of the rows
/// ends it, within a transaction the database is asked, query filters and scopes separate tenants and users.
/// </para>
/// <para>
/// The lambda may end with <c>.Cacheable(…)</c>; without it the default time to live counts. Keep the compiled query in a static field.
/// All methods are thread-safe.
/// </para>
/// </remarks>
public static class CacheableQuery
{
    /// <summary>Compiles a query without parameters that gives a list of rows.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="TElement">The type of an element: deeply immutable.</typeparam>
    /// <param name="query">The query, over the sets of the context.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, IReadOnlyList<TElement>> Compile<TContext, TElement>(Expression<Func<TContext, IQueryable<TElement>>> query)
        where TContext : DbContext
        => new(new(Analyse<TElement>(query), Executors.List<TContext, TElement>));

    /// <summary>Compiles a query without parameters that gives a single value.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="TResult">The type of the value: deeply immutable.</typeparam>
    /// <param name="query">The query, ended by an operator such as First, Single, Count, Any or Sum.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, TResult> Compile<TContext, TResult>(Expression<Func<TContext, TResult>> query)
        where TContext : DbContext
        => new(new(Analyse<TResult>(query), Executors.Value<TContext, TResult>));

    /// <summary>Compiles a query with one parameter that gives a list of rows.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="TElement">The type of an element: deeply immutable.</typeparam>
    /// <param name="query">The query, over the sets of the context.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, IReadOnlyList<TElement>> Compile<TContext, T1, TElement>(Expression<Func<TContext, T1, IQueryable<TElement>>> query)
        where TContext : DbContext
        => new(new(Analyse<TElement>(query), Executors.List<TContext, T1, TElement>));

    /// <summary>Compiles a query with one parameter that gives a single value.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="TResult">The type of the value: deeply immutable.</typeparam>
    /// <param name="query">The query, ended by an operator such as First, Single, Count, Any or Sum.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, TResult> Compile<TContext, T1, TResult>(Expression<Func<TContext, T1, TResult>> query)
        where TContext : DbContext
        => new(new(Analyse<TResult>(query), Executors.Value<TContext, T1, TResult>));

    /// <summary>Compiles a query with two parameters that gives a list of rows.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="T2">The type of the second parameter.</typeparam>
    /// <typeparam name="TElement">The type of an element: deeply immutable.</typeparam>
    /// <param name="query">The query, over the sets of the context.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, T2, IReadOnlyList<TElement>> Compile<TContext, T1, T2, TElement>(Expression<Func<TContext, T1, T2, IQueryable<TElement>>> query)
        where TContext : DbContext
        => new(new(Analyse<TElement>(query), Executors.List<TContext, T1, T2, TElement>));

    /// <summary>Compiles a query with two parameters that gives a single value.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="T2">The type of the second parameter.</typeparam>
    /// <typeparam name="TResult">The type of the value: deeply immutable.</typeparam>
    /// <param name="query">The query, ended by an operator such as First, Single, Count, Any or Sum.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, T2, TResult> Compile<TContext, T1, T2, TResult>(Expression<Func<TContext, T1, T2, TResult>> query)
        where TContext : DbContext
        => new(new(Analyse<TResult>(query), Executors.Value<TContext, T1, T2, TResult>));

    /// <summary>Compiles a query with three parameters that gives a list of rows.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="T2">The type of the second parameter.</typeparam>
    /// <typeparam name="T3">The type of the third parameter.</typeparam>
    /// <typeparam name="TElement">The type of an element: deeply immutable.</typeparam>
    /// <param name="query">The query, over the sets of the context.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, T2, T3, IReadOnlyList<TElement>> Compile<TContext, T1, T2, T3, TElement>(Expression<Func<TContext, T1, T2, T3, IQueryable<TElement>>> query)
        where TContext : DbContext
        => new(new(Analyse<TElement>(query), Executors.List<TContext, T1, T2, T3, TElement>));

    /// <summary>Compiles a query with three parameters that gives a single value.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="T2">The type of the second parameter.</typeparam>
    /// <typeparam name="T3">The type of the third parameter.</typeparam>
    /// <typeparam name="TResult">The type of the value: deeply immutable.</typeparam>
    /// <param name="query">The query, ended by an operator such as First, Single, Count, Any or Sum.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, T2, T3, TResult> Compile<TContext, T1, T2, T3, TResult>(Expression<Func<TContext, T1, T2, T3, TResult>> query)
        where TContext : DbContext
        => new(new(Analyse<TResult>(query), Executors.Value<TContext, T1, T2, T3, TResult>));

    /// <summary>Compiles a query with four parameters that gives a list of rows.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="T2">The type of the second parameter.</typeparam>
    /// <typeparam name="T3">The type of the third parameter.</typeparam>
    /// <typeparam name="T4">The type of the fourth parameter.</typeparam>
    /// <typeparam name="TElement">The type of an element: deeply immutable.</typeparam>
    /// <param name="query">The query, over the sets of the context.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, T2, T3, T4, IReadOnlyList<TElement>> Compile<TContext, T1, T2, T3, T4, TElement>(Expression<Func<TContext, T1, T2, T3, T4, IQueryable<TElement>>> query)
        where TContext : DbContext
        => new(new(Analyse<TElement>(query), Executors.List<TContext, T1, T2, T3, T4, TElement>));

    /// <summary>Compiles a query with four parameters that gives a single value.</summary>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    /// <typeparam name="T1">The type of the first parameter.</typeparam>
    /// <typeparam name="T2">The type of the second parameter.</typeparam>
    /// <typeparam name="T3">The type of the third parameter.</typeparam>
    /// <typeparam name="T4">The type of the fourth parameter.</typeparam>
    /// <typeparam name="TResult">The type of the value: deeply immutable.</typeparam>
    /// <param name="query">The query, ended by an operator such as First, Single, Count, Any or Sum.</param>
    /// <returns>The compiled query.</returns>
    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static CompiledCacheableQuery<TContext, T1, T2, T3, T4, TResult> Compile<TContext, T1, T2, T3, T4, TResult>(Expression<Func<TContext, T1, T2, T3, T4, TResult>> query)
        where TContext : DbContext
        => new(new(Analyse<TResult>(query), Executors.Value<TContext, T1, T2, T3, T4, TResult>));

    private static QueryAnalysis Analyse<TElement>(LambdaExpression query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return QueryAnalysis.Of(query, typeof(TElement));
    }
}
