using System.Linq.Expressions;
using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State;

/// <summary>How the handler of an entity's event runs: given to <c>OnEvent&lt;TEntity&gt;(…, h => …)</c>.</summary>
/// <remarks>Used while services are registered; not thread-safe.</remarks>
/// <typeparam name="TEntity">The entity type.</typeparam>
public sealed class EventHandlerBuilder<TEntity>
    where TEntity : class
{
    private readonly HandlerBuilder _builder = new();

    internal EventHandlerBuilder()
    {
    }

    internal HandlerSettings Settings => _builder.Settings;

    /// <inheritdoc cref="HandlerBuilder.Competing"/>
    public EventHandlerBuilder<TEntity> Competing(string group)
    {
        _builder.Competing(group);
        return this;
    }

    /// <inheritdoc cref="HandlerBuilder.Broadcast"/>
    public EventHandlerBuilder<TEntity> Broadcast()
    {
        _builder.Broadcast();
        return this;
    }

    /// <inheritdoc cref="HandlerBuilder.WithInbox"/>
    /// <param name="name">
    /// The name under which the note is kept: the same over all versions of the program. <see langword="null"/> for that of the registration,
    /// such as <c>OnEvent&lt;Post&gt;("post_created")</c>; a second one like it needs a name.
    /// </param>
    public EventHandlerBuilder<TEntity> WithInbox(string? name = null)
    {
        _builder.WithInbox(name);
        return this;
    }

    /// <inheritdoc cref="HandlerBuilder.When{TEntity}"/>
    public EventHandlerBuilder<TEntity> When(Expression<Func<ChangeEvent<TEntity>, bool>> condition)
    {
        _builder.When(condition);
        return this;
    }
}
