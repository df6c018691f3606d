using FraiseQL.EfCore.State.Compiled;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State;

/// <summary>A query without parameters, made by <see cref="CacheableQuery"/>, that is compiled once and shares its result between all callers.</summary>
/// <remarks>Thread-safe; keep it in a static field. The contexts that it is given are not.</remarks>
/// <typeparam name="TContext">The type of the context.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
public sealed class CompiledCacheableQuery<TContext, TResult>
    where TContext : DbContext
{
    private readonly TypedQuery<TContext, Arguments, TResult> _query;

    internal CompiledCacheableQuery(TypedQuery<TContext, Arguments, TResult> query) => _query = query;

    /// <summary>Gives the result: the shared one where it is proven fresh, else the database's.</summary>
    /// <param name="context">The context on which the query would run.</param>
    /// <param name="cancellationToken">Cancels the wait; a query that others wait for goes on without this caller.</param>
    /// <returns>The result, which nobody can change. Completes synchronously when it is shared.</returns>
    /// <exception cref="InvalidOperationException">
    /// The context's model has an entity in the result, or a query filter that reads what cannot be part of a key; or what the query itself throws.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<TResult> ExecuteAsync(TContext context, CancellationToken cancellationToken = default)
        => _query.ExecuteAsync(context, default, cancellationToken);

    /// <inheritdoc cref="ExecuteAsync"/>
    /// <returns>The result, which nobody can change.</returns>
    public TResult Execute(TContext context) => _query.Execute(context, default);
}

/// <summary>A query with one parameter, made by <see cref="CacheableQuery"/>, that is compiled once and shares its result between all callers.</summary>
/// <remarks>Thread-safe; keep it in a static field. The contexts that it is given are not.</remarks>
/// <typeparam name="TContext">The type of the context.</typeparam>
/// <typeparam name="T1">The type of the first parameter.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
public sealed class CompiledCacheableQuery<TContext, T1, TResult>
    where TContext : DbContext
{
    private readonly TypedQuery<TContext, Arguments<T1>, TResult> _query;

    internal CompiledCacheableQuery(TypedQuery<TContext, Arguments<T1>, TResult> query) => _query = query;

    /// <summary>Gives the result: the shared one where it is proven fresh, else the database's.</summary>
    /// <param name="context">The context on which the query would run.</param>
    /// <param name="first">The first argument.</param>
    /// <param name="cancellationToken">Cancels the wait; a query that others wait for goes on without this caller.</param>
    /// <returns>The result, which nobody can change. Completes synchronously when it is shared.</returns>
    /// <exception cref="InvalidOperationException">
    /// The context's model has an entity in the result, or a query filter that reads what cannot be part of a key; or what the query itself throws.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<TResult> ExecuteAsync(TContext context, T1 first, CancellationToken cancellationToken = default)
        => _query.ExecuteAsync(context, new(first), cancellationToken);

    /// <inheritdoc cref="ExecuteAsync"/>
    /// <returns>The result, which nobody can change.</returns>
    public TResult Execute(TContext context, T1 first) => _query.Execute(context, new(first));
}

/// <summary>A query with two parameters, made by <see cref="CacheableQuery"/>, that is compiled once and shares its result between all callers.</summary>
/// <remarks>Thread-safe; keep it in a static field. The contexts that it is given are not.</remarks>
/// <typeparam name="TContext">The type of the context.</typeparam>
/// <typeparam name="T1">The type of the first parameter.</typeparam>
/// <typeparam name="T2">The type of the second parameter.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
public sealed class CompiledCacheableQuery<TContext, T1, T2, TResult>
    where TContext : DbContext
{
    private readonly TypedQuery<TContext, Arguments<T1, T2>, TResult> _query;

    internal CompiledCacheableQuery(TypedQuery<TContext, Arguments<T1, T2>, TResult> query) => _query = query;

    /// <summary>Gives the result: the shared one where it is proven fresh, else the database's.</summary>
    /// <param name="context">The context on which the query would run.</param>
    /// <param name="first">The first argument.</param>
    /// <param name="second">The second argument.</param>
    /// <param name="cancellationToken">Cancels the wait; a query that others wait for goes on without this caller.</param>
    /// <returns>The result, which nobody can change. Completes synchronously when it is shared.</returns>
    /// <exception cref="InvalidOperationException">
    /// The context's model has an entity in the result, or a query filter that reads what cannot be part of a key; or what the query itself throws.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<TResult> ExecuteAsync(TContext context, T1 first, T2 second, CancellationToken cancellationToken = default)
        => _query.ExecuteAsync(context, new(first, second), cancellationToken);

    /// <inheritdoc cref="ExecuteAsync"/>
    /// <returns>The result, which nobody can change.</returns>
    public TResult Execute(TContext context, T1 first, T2 second) => _query.Execute(context, new(first, second));
}

/// <summary>A query with three parameters, made by <see cref="CacheableQuery"/>, that is compiled once and shares its result between all callers.</summary>
/// <remarks>Thread-safe; keep it in a static field. The contexts that it is given are not.</remarks>
/// <typeparam name="TContext">The type of the context.</typeparam>
/// <typeparam name="T1">The type of the first parameter.</typeparam>
/// <typeparam name="T2">The type of the second parameter.</typeparam>
/// <typeparam name="T3">The type of the third parameter.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
public sealed class CompiledCacheableQuery<TContext, T1, T2, T3, TResult>
    where TContext : DbContext
{
    private readonly TypedQuery<TContext, Arguments<T1, T2, T3>, TResult> _query;

    internal CompiledCacheableQuery(TypedQuery<TContext, Arguments<T1, T2, T3>, TResult> query) => _query = query;

    /// <summary>Gives the result: the shared one where it is proven fresh, else the database's.</summary>
    /// <param name="context">The context on which the query would run.</param>
    /// <param name="first">The first argument.</param>
    /// <param name="second">The second argument.</param>
    /// <param name="third">The third argument.</param>
    /// <param name="cancellationToken">Cancels the wait; a query that others wait for goes on without this caller.</param>
    /// <returns>The result, which nobody can change. Completes synchronously when it is shared.</returns>
    /// <exception cref="InvalidOperationException">
    /// The context's model has an entity in the result, or a query filter that reads what cannot be part of a key; or what the query itself throws.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<TResult> ExecuteAsync(TContext context, T1 first, T2 second, T3 third, CancellationToken cancellationToken = default)
        => _query.ExecuteAsync(context, new(first, second, third), cancellationToken);

    /// <inheritdoc cref="ExecuteAsync"/>
    /// <returns>The result, which nobody can change.</returns>
    public TResult Execute(TContext context, T1 first, T2 second, T3 third) => _query.Execute(context, new(first, second, third));
}

/// <summary>A query with four parameters, made by <see cref="CacheableQuery"/>, that is compiled once and shares its result between all callers.</summary>
/// <remarks>Thread-safe; keep it in a static field. The contexts that it is given are not.</remarks>
/// <typeparam name="TContext">The type of the context.</typeparam>
/// <typeparam name="T1">The type of the first parameter.</typeparam>
/// <typeparam name="T2">The type of the second parameter.</typeparam>
/// <typeparam name="T3">The type of the third parameter.</typeparam>
/// <typeparam name="T4">The type of the fourth parameter.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
public sealed class CompiledCacheableQuery<TContext, T1, T2, T3, T4, TResult>
    where TContext : DbContext
{
    private readonly TypedQuery<TContext, Arguments<T1, T2, T3, T4>, TResult> _query;

    internal CompiledCacheableQuery(TypedQuery<TContext, Arguments<T1, T2, T3, T4>, TResult> query) => _query = query;

    /// <summary>Gives the result: the shared one where it is proven fresh, else the database's.</summary>
    /// <param name="context">The context on which the query would run.</param>
    /// <param name="first">The first argument.</param>
    /// <param name="second">The second argument.</param>
    /// <param name="third">The third argument.</param>
    /// <param name="fourth">The fourth argument.</param>
    /// <param name="cancellationToken">Cancels the wait; a query that others wait for goes on without this caller.</param>
    /// <returns>The result, which nobody can change. Completes synchronously when it is shared.</returns>
    /// <exception cref="InvalidOperationException">
    /// The context's model has an entity in the result, or a query filter that reads what cannot be part of a key; or what the query itself throws.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<TResult> ExecuteAsync(TContext context, T1 first, T2 second, T3 third, T4 fourth, CancellationToken cancellationToken = default)
        => _query.ExecuteAsync(context, new(first, second, third, fourth), cancellationToken);

    /// <inheritdoc cref="ExecuteAsync"/>
    /// <returns>The result, which nobody can change.</returns>
    public TResult Execute(TContext context, T1 first, T2 second, T3 third, T4 fourth) => _query.Execute(context, new(first, second, third, fourth));
}
