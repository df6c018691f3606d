using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Warming;
using Microsoft.EntityFrameworkCore;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Says what is read into the cache before somebody asks for it.</summary>
/// <remarks>
/// <para>
/// Warm-ups run when the host starts (<c>Cache:WarmupOnStartup</c>), in the background and at most <c>Cache:Warmup:Parallelism</c> of them at a time, once the
/// listener can prove what they fill, and are given up after <c>Cache:Warmup:Timeout</c>; and whenever <see cref="IStateCache.PreloadAsync(string[])"/> names them. One
/// that fails is logged and told by <see cref="IWarmupStatus"/>; it never ends the host.
/// </para>
/// <para>
/// Each has a scope and a context of its own. With Redis or Memcached a cluster warms once: what another node has stored is taken from the shared
/// level, and of nodes that start together one reads the database.
/// </para>
/// </remarks>
public static class FraiseQLStateWarmupExtensions
{
    /// <summary>Warms a query: it is executed as an application would, and so it must be one that is cached, as <c>db =&gt; db.Posts….Cacheable()</c>.</summary>
    /// <typeparam name="TContext">The context.</typeparam>
    /// <typeparam name="TResult">What the query gives.</typeparam>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="name">Its name, for the log, metrics and <c>PreloadAsync</c>.</param>
    /// <param name="query">Makes the query. What it filters by is a part of what is warmed: other values are other results.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The name is empty or taken, or the context is another one than the builder's.</exception>
    public static FraiseQLStateBuilder AddWarmup<TContext, TResult>(
        this FraiseQLStateBuilder builder, string name, Func<TContext, IQueryable<TResult>> query)
        where TContext : DbContext
        => builder.AddWarmup(name, query, static _ => { });

    /// <inheritdoc cref="AddWarmup{TContext, TResult}(FraiseQLStateBuilder, string, Func{TContext, IQueryable{TResult}})"/>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="name">Its name, for the log, metrics and <c>PreloadAsync</c>.</param>
    /// <param name="query">Makes the query. What it filters by is a part of what is warmed: other values are other results.</param>
    /// <param name="configure">Says more of it, such as <c>o =&gt; o.KeepWarm()</c>.</param>
    public static FraiseQLStateBuilder AddWarmup<TContext, TResult>(
        this FraiseQLStateBuilder builder, string name, Func<TContext, IQueryable<TResult>> query, Action<WarmupQueryOptions> configure)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(query);
        return Add<TContext>(builder, name, async (context, _, token) =>
        {
            await foreach (var row in query(context).AsAsyncEnumerable().WithCancellation(token).ConfigureAwait(false))
            {
                // It is cached by being read to its end.
            }
        }, configure);
    }

    /// <summary>Warms what a call executes, where that is no sequence or more than one query: <c>(db, token) =&gt; db.Posts.Cacheable().CountAsync(token)</c>.</summary>
    /// <typeparam name="TContext">The context.</typeparam>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="name">Its name, for the log, metrics and <c>PreloadAsync</c>.</param>
    /// <param name="execute">Executes it; the last query of the context must be one that is cached.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The name is empty or taken, or the context is another one than the builder's.</exception>
    public static FraiseQLStateBuilder AddWarmup<TContext>(
        this FraiseQLStateBuilder builder, string name, Func<TContext, CancellationToken, Task> execute)
        where TContext : DbContext
        => builder.AddWarmup(name, execute, static _ => { });

    /// <inheritdoc cref="AddWarmup{TContext}(FraiseQLStateBuilder, string, Func{TContext, CancellationToken, Task})"/>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="name">Its name, for the log, metrics and <c>PreloadAsync</c>.</param>
    /// <param name="execute">Executes it; the last query of the context must be one that is cached.</param>
    /// <param name="configure">Says more of it, such as <c>o =&gt; o.KeepWarm()</c>.</param>
    public static FraiseQLStateBuilder AddWarmup<TContext>(
        this FraiseQLStateBuilder builder, string name, Func<TContext, CancellationToken, Task> execute, Action<WarmupQueryOptions> configure)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(execute);
        return Add<TContext>(builder, name, (context, _, token) => execute(context, token), configure);
    }

    /// <summary>Runs code of yours with the warm-ups when the host starts, such as <c>async (db, cache, token) =&gt; …</c>.</summary>
    /// <typeparam name="TContext">The context.</typeparam>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="run">The code. It has a context of its own, and should end when its token is cancelled.</param>
    /// <returns>The same builder. In <see cref="IWarmupStatus"/> it is named <c>startup 1</c>, <c>startup 2</c> and so on.</returns>
    /// <exception cref="ArgumentException">The context is another one than the builder's.</exception>
    public static FraiseQLStateBuilder OnStartup<TContext>(
        this FraiseQLStateBuilder builder, Func<TContext, IStateCache, CancellationToken, Task> run)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(builder);
        var key = builder.ContextType;
        WarmupServices.RegistryOf(builder).Add<TContext>(
            null, (context, services, token) => run(context, services.GetRequiredKeyedService<IStateCache>(key), token), isQuery: false, new WarmupQueryOptions());
        return builder;
    }

    private static FraiseQLStateBuilder Add<TContext>(
        FraiseQLStateBuilder builder, string name, Func<TContext, IServiceProvider, CancellationToken, Task> run, Action<WarmupQueryOptions> configure)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new WarmupQueryOptions();
        configure(options);
        WarmupServices.RegistryOf(builder).Add(name, run, isQuery: true, options);
        return builder;
    }
}
