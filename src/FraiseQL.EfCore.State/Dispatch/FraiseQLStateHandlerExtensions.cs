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
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">
    /// The class implements no <see cref="IChangeHandler{TEntity}"/>. Also thrown when the host starts: the entity type is not in the
    /// context's model, or its changes are not captured.
    /// </exception>
    public static FraiseQLStateBuilder AddHandler<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.Interfaces)] THandler>(
        this FraiseQLStateBuilder builder)
        where THandler : class
    {
        ArgumentNullException.ThrowIfNull(builder);
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
            if (!registry.Contains(typeof(THandler).Name, entityType))
            {
                registry.Add(Route(typeof(THandler), entityType));
            }
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
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(type);
        ArgumentNullException.ThrowIfNull(handler);
        DispatchServices.RegistryOf(builder).Add(new HandlerRoute<TEntity>($"OnEvent<{typeof(TEntity).Name}>(\"{type}\")", type, handler));
        return builder;
    }

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "The type argument is a class, whose code all instantiations share.")]
    private static HandlerRoute Route(Type handler, Type entityType)
        => (HandlerRoute)typeof(FraiseQLStateHandlerExtensions)
            .GetMethod(nameof(TypedRoute), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(entityType)
            .Invoke(null, [handler])!;

    private static HandlerRoute<TEntity> TypedRoute<TEntity>(Type handler)
        where TEntity : class
        => new(handler.Name, null, (change, context, cancellationToken)
            => ((IChangeHandler<TEntity>)context.Services.GetRequiredService(handler)).HandleAsync(change, context, cancellationToken));
}
