using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>Says which entities are captured. Every entity with a table and a primary key is, unless it says otherwise.</summary>
public static class FraiseQLStateEntityTypeBuilderExtensions
{
    /// <summary>
    /// Captures no changes of this entity, its derived and owned types: the next migration removes their triggers. Its changes raise no
    /// events, and those by other programs do not invalidate cached queries.
    /// </summary>
    /// <param name="builder">The builder of the entity type.</param>
    /// <returns>The same builder.</returns>
    public static EntityTypeBuilder IgnoreChangeEvents(this EntityTypeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.HasAnnotation(StateAnnotations.IgnoreChangeEvents, true);
        return builder;
    }

    /// <inheritdoc cref="IgnoreChangeEvents(EntityTypeBuilder)"/>
    /// <typeparam name="TEntity">The type of the entity.</typeparam>
    public static EntityTypeBuilder<TEntity> IgnoreChangeEvents<TEntity>(this EntityTypeBuilder<TEntity> builder)
        where TEntity : class
    {
        IgnoreChangeEvents((EntityTypeBuilder)builder);
        return builder;
    }
}
