using System.Diagnostics.CodeAnalysis;
using FraiseQL.EfCore.State;
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
        builder.HasAnnotation(StateAnnotations.HasChangeEvents, null);
        return builder;
    }

    /// <inheritdoc cref="IgnoreChangeEvents(EntityTypeBuilder)"/>
    /// <typeparam name="TEntity">The type of the entity.</typeparam>
    public static EntityTypeBuilder<TEntity> IgnoreChangeEvents<[DynamicallyAccessedMembers(EntityMembers.OfEF)] TEntity>(
        this EntityTypeBuilder<TEntity> builder)
        where TEntity : class
    {
        IgnoreChangeEvents((EntityTypeBuilder)builder);
        return builder;
    }

    /// <summary>Captures the changes of this entity, which is what happens anyway unless the model captures only where it is asked to.</summary>
    /// <param name="builder">The builder of the entity type.</param>
    /// <returns>The same builder.</returns>
    public static EntityTypeBuilder HasChangeEvents(this EntityTypeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.HasAnnotation(StateAnnotations.HasChangeEvents, true);
        builder.HasAnnotation(StateAnnotations.IgnoreChangeEvents, null);
        return builder;
    }

    /// <inheritdoc cref="HasChangeEvents(EntityTypeBuilder)"/>
    /// <typeparam name="TEntity">The type of the entity.</typeparam>
    public static EntityTypeBuilder<TEntity> HasChangeEvents<[DynamicallyAccessedMembers(EntityMembers.OfEF)] TEntity>(
        this EntityTypeBuilder<TEntity> builder)
        where TEntity : class
    {
        HasChangeEvents((EntityTypeBuilder)builder);
        return builder;
    }

    /// <summary>Captures the changes of this entity and says what its events are like. What changes in their content is in the next migration.</summary>
    /// <param name="builder">The builder of the entity type.</param>
    /// <param name="configure">What the events are called and what is in them.</param>
    /// <returns>The same builder.</returns>
    public static EntityTypeBuilder HasChangeEvents(this EntityTypeBuilder builder, Action<ChangeEventsBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        builder.HasChangeEvents();
        configure(new ChangeEventsBuilder(builder));
        return builder;
    }

    /// <inheritdoc cref="HasChangeEvents(EntityTypeBuilder, Action{ChangeEventsBuilder})"/>
    /// <typeparam name="TEntity">The type of the entity.</typeparam>
    public static EntityTypeBuilder<TEntity> HasChangeEvents<[DynamicallyAccessedMembers(EntityMembers.OfEF)] TEntity>(
        this EntityTypeBuilder<TEntity> builder, Action<ChangeEventsBuilder<TEntity>> configure)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(configure);
        builder.HasChangeEvents();
        configure(new ChangeEventsBuilder<TEntity>(builder));
        return builder;
    }

    /// <summary>
    /// Captures only the entities that say <c>HasChangeEvents()</c>; by default every entity with a table and a primary key is captured.
    /// </summary>
    /// <param name="builder">The builder of the model.</param>
    /// <returns>The same builder.</returns>
    public static ModelBuilder CaptureChangesOnlyWhereAsked(this ModelBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.HasAnnotation(StateAnnotations.CaptureOnlyWhereAsked, true);
        return builder;
    }
}
