using System.Linq.Expressions;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace FraiseQL.EfCore.State;

/// <summary>Says what the events of an entity are called and what is in them.</summary>
/// <remarks>Used while a model is built; not thread-safe.</remarks>
public class ChangeEventsBuilder
{
    private readonly EntityTypeBuilder _entity;

    internal ChangeEventsBuilder(EntityTypeBuilder entity) => _entity = entity;

    /// <summary>Names the events: <c>article</c> gives <c>article_created</c>, <c>article_updated</c>, <c>article_deleted</c> and <c>article_truncated</c>.</summary>
    /// <param name="name">What event types and entity ids begin with; by default the entity's name in snake case.</param>
    /// <returns>The same builder.</returns>
    public ChangeEventsBuilder Named(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        _entity.HasAnnotation(StateAnnotations.EventName, name);
        return this;
    }

    /// <summary>Names the events of one kind, whole: <c>article_published</c> for what would be <c>article_created</c>.</summary>
    /// <param name="kind">What happened.</param>
    /// <param name="eventType">The event type.</param>
    /// <returns>The same builder.</returns>
    public ChangeEventsBuilder Named(ChangeKind kind, string eventType)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(eventType);
        _entity.HasAnnotation(StateAnnotations.EventNameOf + kind, eventType);
        return this;
    }

    /// <summary>
    /// Rings on a channel of its own too when rows of the entity were logged, for programs that listen with PostgreSQL's <c>LISTEN</c>. As the
    /// channel of all, it says that the log has grown, without a payload; this library's listeners do not need it.
    /// </summary>
    /// <param name="name">The channel, as written in <c>LISTEN "name"</c>; at most 63 bytes.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The name is empty or too long for PostgreSQL.</exception>
    public ChangeEventsBuilder Channel(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (System.Text.Encoding.UTF8.GetByteCount(name) > 63)
        {
            throw new ArgumentException(StateStrings.ChannelTooLong(name), nameof(name));
        }

        _entity.HasAnnotation(StateAnnotations.Channel, name);
        return this;
    }

    /// <summary>
    /// Leaves a property out of events: neither its value nor, among the changed columns, its name is written into the log. A change of it alone is
    /// still an event, because cached results end by it.
    /// </summary>
    /// <param name="propertyName">A property that is no key, foreign key or dependency; others are refused when the model is built.</param>
    /// <returns>The same builder.</returns>
    public ChangeEventsBuilder Exclude(string propertyName) => Mark(propertyName, StateAnnotations.Exclude);

    /// <summary>Hides the value of a property: events tell that it has changed, and hold <c>***</c> for a text, else <c>null</c>.</summary>
    /// <param name="propertyName">A property that is no key, foreign key or dependency; others are refused when the model is built.</param>
    /// <returns>The same builder.</returns>
    public ChangeEventsBuilder Redact(string propertyName) => Mark(propertyName, StateAnnotations.Redact);

    /// <summary>Writes the old and the new value of a property into every event, as those of keys and foreign keys always are.</summary>
    /// <param name="propertyName">A property whose column is an integer, uuid, boolean or text without a collation of its own; others are refused.</param>
    /// <returns>The same builder.</returns>
    public ChangeEventsBuilder DependsOn(string propertyName) => Mark(propertyName, StateAnnotations.Dependency);

    /// <summary>Writes the whole row as it was into the events of updates and deletes. It about doubles what an update logs. Off by default.</summary>
    /// <returns>The same builder.</returns>
    public ChangeEventsBuilder PreImage()
    {
        _entity.HasAnnotation(StateAnnotations.PreImage, true);
        return this;
    }

    /// <summary>Makes an update that changes nothing an event too. By default it is none.</summary>
    /// <returns>The same builder.</returns>
    public ChangeEventsBuilder LogUnchanged()
    {
        _entity.HasAnnotation(StateAnnotations.LogUnchanged, true);
        return this;
    }

    private ChangeEventsBuilder Mark(string propertyName, string annotation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(propertyName);
        _entity.Property(propertyName).HasAnnotation(annotation, true);
        return this;
    }
}

/// <inheritdoc/>
/// <typeparam name="TEntity">The type of the entity.</typeparam>
public sealed class ChangeEventsBuilder<TEntity> : ChangeEventsBuilder
    where TEntity : class
{
    internal ChangeEventsBuilder(EntityTypeBuilder entity)
        : base(entity)
    {
    }

    /// <inheritdoc cref="ChangeEventsBuilder.Named(string)"/>
    public new ChangeEventsBuilder<TEntity> Named(string name)
    {
        base.Named(name);
        return this;
    }

    /// <inheritdoc cref="ChangeEventsBuilder.Named(ChangeKind, string)"/>
    public new ChangeEventsBuilder<TEntity> Named(ChangeKind kind, string eventType)
    {
        base.Named(kind, eventType);
        return this;
    }

    /// <inheritdoc cref="ChangeEventsBuilder.Channel"/>
    public new ChangeEventsBuilder<TEntity> Channel(string name)
    {
        base.Channel(name);
        return this;
    }

    /// <inheritdoc cref="ChangeEventsBuilder.Exclude"/>
    /// <param name="property">The property, such as <c>p => p.Email</c>.</param>
    /// <exception cref="ArgumentException">The expression is not a property of the entity.</exception>
    public ChangeEventsBuilder<TEntity> Exclude(Expression<Func<TEntity, object?>> property)
    {
        Exclude(NameOf(property));
        return this;
    }

    /// <inheritdoc cref="ChangeEventsBuilder.Redact"/>
    /// <param name="property">The property, such as <c>p => p.Email</c>.</param>
    /// <exception cref="ArgumentException">The expression is not a property of the entity.</exception>
    public ChangeEventsBuilder<TEntity> Redact(Expression<Func<TEntity, object?>> property)
    {
        Redact(NameOf(property));
        return this;
    }

    /// <inheritdoc cref="ChangeEventsBuilder.DependsOn"/>
    /// <param name="property">The property, such as <c>p => p.Status</c>.</param>
    /// <exception cref="ArgumentException">The expression is not a property of the entity.</exception>
    public ChangeEventsBuilder<TEntity> DependsOn(Expression<Func<TEntity, object?>> property)
    {
        DependsOn(NameOf(property));
        return this;
    }

    /// <inheritdoc cref="ChangeEventsBuilder.PreImage"/>
    public new ChangeEventsBuilder<TEntity> PreImage()
    {
        base.PreImage();
        return this;
    }

    /// <inheritdoc cref="ChangeEventsBuilder.LogUnchanged"/>
    public new ChangeEventsBuilder<TEntity> LogUnchanged()
    {
        base.LogUnchanged();
        return this;
    }

    private static string NameOf(Expression<Func<TEntity, object?>> property)
    {
        ArgumentNullException.ThrowIfNull(property);
        var body = property.Body is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : property.Body;
        return body is MemberExpression { Expression: ParameterExpression } member
            ? member.Member.Name
            : throw new ArgumentException(StateStrings.NotAnEventProperty(property.ToString()), nameof(property));
    }
}
