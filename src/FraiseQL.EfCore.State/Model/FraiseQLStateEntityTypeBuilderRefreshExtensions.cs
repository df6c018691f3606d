using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>Keeps materialised views up to date.</summary>
public static class FraiseQLStateEntityTypeBuilderRefreshExtensions
{
    private static readonly TimeSpan s_debounce = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <summary>
    /// Lets the listening nodes refresh the materialised view that the entity is mapped to (<c>ToView</c>) after changes of a source, by whatever
    /// program: one refresh for all changes of a debounce time, on one node of the cluster, <c>CONCURRENTLY</c> where the view has a unique index that
    /// allows it. Queries over the view are then cacheable, and a refresh invalidates them on every node. Call it once for each source.
    /// </summary>
    /// <typeparam name="TSource">An entity that the view reads; its table must be captured.</typeparam>
    /// <param name="builder">The builder of the view's entity type.</param>
    /// <param name="debounce">How long changes are gathered; more than zero, at most a day. The default value is 5 seconds.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="debounce"/> is out of range.</exception>
    /// <remarks>
    /// The role of the connection must own the view (PostgreSQL 17: or have MAINTAIN), and have INSERT on <c>fraiseql.change_event</c> and USAGE on its
    /// sequence. A REFRESH by somebody else is not seen: cached results then live until the next one from here, or their time to live.
    /// </remarks>
    public static EntityTypeBuilder RefreshOn<TSource>(this EntityTypeBuilder builder, TimeSpan? debounce = null)
        where TSource : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (debounce is { } time && (time <= TimeSpan.Zero || time > s_longest))
        {
            throw new ArgumentOutOfRangeException(nameof(debounce), debounce, StateStrings.RefreshDebounce);
        }

        var before = builder.Metadata.FindAnnotation(StateAnnotations.RefreshOn)?.Value as string;
        builder.HasAnnotation(StateAnnotations.RefreshOn, RefreshedView.Describe(before, typeof(TSource).FullName!, debounce, s_debounce));
        return builder;
    }
}
