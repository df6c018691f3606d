namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>One handler of one entity type, and how it is called.</summary>
/// <param name="name">Names it in messages.</param>
/// <param name="entityType">The entity type it handles.</param>
/// <param name="eventType">The only event it wants; <see langword="null"/> for all.</param>
internal abstract class HandlerRoute(string name, Type entityType, string? eventType)
{
    public string Name => name;

    public Type EntityType => entityType;

    public string? EventType => eventType;

    public abstract Task InvokeAsync(EventRecord record, IServiceProvider services, int attempt, CancellationToken cancellationToken);
}

/// <inheritdoc/>
internal sealed class HandlerRoute<TEntity>(
    string name, string? eventType, Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> handle)
    : HandlerRoute(name, typeof(TEntity), eventType)
    where TEntity : class
{
    public override Task InvokeAsync(EventRecord record, IServiceProvider services, int attempt, CancellationToken cancellationToken)
        => handle(new ChangeEvent<TEntity>(record, services), new ChangeContext(services, attempt), cancellationToken);
}
