using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Dispatch;
using Microsoft.Extensions.DependencyInjection.Extensions;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what is to happen after a change was committed.</summary>
public static class FraiseQLStateHandlerExtensions
{
    /// <summary>
    /// Registers a handler for every <see cref="IChangeHandler{TEntity}"/> that it implements. It is made for each attempt, in a scope of
    /// its own; a registration of the class that is there already decides its lifetime. Registering it twice is the same as once.
    /// </summary>
    /// <typeparam name="THandler">The handler.</typeparam>
    /// <param name="builder">What <c>AddFraiseQLState&lt;TContext&gt;()</c> returned.</param>
    /// <param name="configure">How it runs: its group, conditions, inbox.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">
    /// The class implements no <see cref="IChangeHandler{TEntity}"/>. Also thrown when the host starts: the entity type is not in the
    /// context's model, or its changes are not captured.
    /// </exception>
    public static FraiseQLStateBuilder AddHandler<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.Interfaces)] THandler>(
        this FraiseQLStateBuilder builder, Action<HandlerBuilder>? configure = null)
        where THandler : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        var handler = new HandlerBuilder();
        configure?.Invoke(handler);
        var entityTypes = typeof(THandler).GetInterfaces()
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IChangeHandler<>))
            .Select(type => type.GetGenericArguments()[0])
            .ToList();
        if (entityTypes.Count == 0)
        {
            throw new InvalidOperationException(StateStrings.NoHandlerInterface(typeof(THandler).Name));
        }

        builder.Services.TryAddScoped<THandler>();
        var registry = DispatchServices.RegistryOf(builder);
        foreach (var entityType in entityTypes)
        {
            registry.AddOnce(Route(typeof(THandler), entityType, handler.Settings));
        }

        return builder;
    }

    /// <summary>Registers what is to happen after one kind of event, such as <c>post_created</c>.</summary>
    /// <typeparam name="TEntity">An entity type of the context's model, at the root of its hierarchy.</typeparam>
    /// <param name="builder">What <c>AddFraiseQLState&lt;TContext&gt;()</c> returned.</param>
    /// <param name="type">
    /// The event: the entity's short name in snake case, and <c>_created</c>, <c>_updated</c>, <c>_deleted</c> or <c>_truncated</c>.
    /// </param>
    /// <param name="handler">Handles one event, as <see cref="IChangeHandler{TEntity}.HandleAsync"/> does.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException"><paramref name="type"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// Thrown when the host starts: the entity has no such event (the message names those it has), or its changes are not captured.
    /// </exception>
    public static FraiseQLStateBuilder OnEvent<TEntity>(
        this FraiseQLStateBuilder builder, string type, Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> handler)
        where TEntity : class
        => OnEvent(builder, type, handler, static _ => { });

    /// <inheritdoc cref="OnEvent{TEntity}(FraiseQLStateBuilder, string, Func{ChangeEvent{TEntity}, ChangeContext, CancellationToken, Task})"/>
    /// <param name="builder">What <c>AddFraiseQLState&lt;TContext&gt;()</c> returned.</param>
    /// <param name="type">The event.</param>
    /// <param name="handler">Handles one event, as <see cref="IChangeHandler{TEntity}.HandleAsync"/> does.</param>
    /// <param name="configure">How it runs: its group, conditions, inbox.</param>
    public static FraiseQLStateBuilder OnEvent<TEntity>(
        this FraiseQLStateBuilder builder, string type, Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> handler,
        Action<EventHandlerBuilder<TEntity>> configure)
        where TEntity : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(type);
        return Add(builder, $"OnEvent<{typeof(TEntity).Name}>(\"{type}\")", type, null, handler, configure);
    }

    /// <summary>Registers what is to happen after one kind of change, whatever the model calls its events.</summary>
    /// <typeparam name="TEntity">An entity type of the context's model, at the root of its hierarchy.</typeparam>
    /// <param name="builder">What <c>AddFraiseQLState&lt;TContext&gt;()</c> returned.</param>
    /// <param name="kind">The kind of change.</param>
    /// <param name="handler">Handles one event, as <see cref="IChangeHandler{TEntity}.HandleAsync"/> does.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">
    /// Thrown when the host starts: the entity's changes are not captured.
    /// </exception>
    public static FraiseQLStateBuilder OnEvent<TEntity>(
        this FraiseQLStateBuilder builder, ChangeKind kind, Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> handler)
        where TEntity : class
        => OnEvent(builder, kind, handler, static _ => { });

    /// <inheritdoc cref="OnEvent{TEntity}(FraiseQLStateBuilder, ChangeKind, Func{ChangeEvent{TEntity}, ChangeContext, CancellationToken, Task})"/>
    /// <param name="builder">What <c>AddFraiseQLState&lt;TContext&gt;()</c> returned.</param>
    /// <param name="kind">The kind of change.</param>
    /// <param name="handler">Handles one event, as <see cref="IChangeHandler{TEntity}.HandleAsync"/> does.</param>
    /// <param name="configure">How it runs: its group, conditions, inbox.</param>
    public static FraiseQLStateBuilder OnEvent<TEntity>(
        this FraiseQLStateBuilder builder, ChangeKind kind, Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> handler,
        Action<EventHandlerBuilder<TEntity>> configure)
        where TEntity : class
        => Add(builder, $"OnEvent<{typeof(TEntity).Name}>({kind})", null, kind, handler, configure);

    /// <summary>Says how a group of handlers runs.</summary>
    /// <param name="builder">What <c>AddFraiseQLState&lt;TContext&gt;()</c> returned.</param>
    /// <param name="group">The group's name, as given to <c>Competing</c>; <see langword="null"/> for handlers without one.</param>
    /// <param name="configure">Sets the group's options.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">Thrown when the host starts: no handler is in that group.</exception>
    public static FraiseQLStateBuilder ConfigureHandlers(this FraiseQLStateBuilder builder, string? group, Action<HandlerGroupOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        DispatchServices.RegistryOf(builder).Configure(group, configure);
        return builder;
    }

    private static FraiseQLStateBuilder Add<TEntity>(
        FraiseQLStateBuilder builder, string name, string? type, ChangeKind? kind,
        Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> handler, Action<EventHandlerBuilder<TEntity>> configure)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(configure);
        var settings = new EventHandlerBuilder<TEntity>();
        configure(settings);
        DispatchServices.RegistryOf(builder).Add(new HandlerRoute<TEntity>(name, type, kind, settings.Settings, handler));
        return builder;
    }

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "The type argument is a class, whose code all instantiations share.")]
    private static HandlerRoute Route(Type handler, Type entityType, HandlerSettings settings)
        => (HandlerRoute)typeof(FraiseQLStateHandlerExtensions)
            .GetMethod(nameof(TypedRoute), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(entityType)
            .Invoke(null, [handler, settings])!;

    private static HandlerRoute<TEntity> TypedRoute<TEntity>(Type handler, HandlerSettings settings)
        where TEntity : class
        => new(handler.Name, null, null, settings, (change, context, cancellationToken)
            => ((IChangeHandler<TEntity>)context.Services.GetRequiredService(handler)).HandleAsync(change, context, cancellationToken));
}
