using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore.Infrastructure;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>Turns FraiseQL state on for a context.</summary>
public static class FraiseQLStateDbContextOptionsBuilderExtensions
{
    /// <summary>
    /// Makes <c>.Cacheable()</c> queries of this context cacheable, lets its writes invalidate them, and lets
    /// <c>dotnet ef migrations add</c> include the event log and its triggers. May be called before or after <c>UseNpgsql</c>,
    /// and more than once.
    /// </summary>
    /// <remarks>
    /// Alone it gives this process a memory cache and its own writes' invalidation. To see the writes of other programs and nodes, also call
    /// <c>services.AddFraiseQLState&lt;TContext&gt;()</c>. Not thread-safe, as the builder is not.
    /// </remarks>
    /// <param name="optionsBuilder">The builder of the context's options.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">Thrown at the first use of the context: its provider is not Npgsql.</exception>
    public static DbContextOptionsBuilder UseFraiseQLState(this DbContextOptionsBuilder optionsBuilder)
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);

        var extension = optionsBuilder.Options.FindExtension<FraiseQLStateOptionsExtension>() ?? new FraiseQLStateOptionsExtension();
        ((IDbContextOptionsBuilderInfrastructure)optionsBuilder).AddOrUpdateExtension(extension);
        return optionsBuilder;
    }

    /// <summary>As <see cref="UseFraiseQLState(DbContextOptionsBuilder)"/>, with options of this context.</summary>
    /// <param name="optionsBuilder">The builder of the context's options.</param>
    /// <param name="configure">Sets the options; called at once.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">Thrown at the first use of the context: its provider is not Npgsql.</exception>
    public static DbContextOptionsBuilder UseFraiseQLState(
        this DbContextOptionsBuilder optionsBuilder, Action<FraiseQLStateOptionsBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        optionsBuilder.UseFraiseQLState();
        configure(new FraiseQLStateOptionsBuilder(optionsBuilder));
        return optionsBuilder;
    }

    /// <inheritdoc cref="UseFraiseQLState(DbContextOptionsBuilder, Action{FraiseQLStateOptionsBuilder})"/>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    public static DbContextOptionsBuilder<TContext> UseFraiseQLState<TContext>(
        this DbContextOptionsBuilder<TContext> optionsBuilder, Action<FraiseQLStateOptionsBuilder> configure)
        where TContext : DbContext
    {
        UseFraiseQLState((DbContextOptionsBuilder)optionsBuilder, configure);
        return optionsBuilder;
    }

    /// <inheritdoc cref="UseFraiseQLState(DbContextOptionsBuilder)"/>
    /// <typeparam name="TContext">The type of the context.</typeparam>
    public static DbContextOptionsBuilder<TContext> UseFraiseQLState<TContext>(this DbContextOptionsBuilder<TContext> optionsBuilder)
        where TContext : DbContext
    {
        UseFraiseQLState((DbContextOptionsBuilder)optionsBuilder);
        return optionsBuilder;
    }
}
