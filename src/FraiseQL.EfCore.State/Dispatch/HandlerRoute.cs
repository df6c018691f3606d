using System.Linq.Expressions;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>One handler of one entity type, and how it is called.</summary>
/// <param name="name">Names it in messages.</param>
/// <param name="entityType">The entity type it handles.</param>
/// <param name="eventType">The only event it wants; <see langword="null"/> for all.</param>
/// <param name="kind">The only kind it wants; <see langword="null"/> for all.</param>
/// <param name="settings">How it runs.</param>
internal abstract class HandlerRoute(string name, Type entityType, string? eventType, ChangeKind? kind, HandlerSettings settings)
{
    public string Name => name;

    public Type EntityType => entityType;

    public string? EventType => eventType;

    public HandlerSettings Settings => settings;

    /// <summary>2 for the second registration of the same name, and so on.</summary>
    public int Ordinal { get; set; } = 1;

    /// <summary>What the inbox calls it.</summary>
    public string InboxName => settings.InboxName ?? (Ordinal == 1 ? name : $"{name}#{Ordinal}");

    /// <summary>Whether the event is of the kind that it wants; its conditions are not asked.</summary>
    public bool WantsKind(EventRecord record) => (eventType is null || eventType == record.Type) && (kind is null || kind == record.Kind);

    /// <summary>Handles the event, unless a condition says that it is not wanted.</summary>
    /// <param name="record">The event.</param>
    /// <param name="context">What the handler gets beside it.</param>
    /// <param name="aroundAsync">What is done around the handler, when it is called at all.</param>
    /// <param name="cancellationToken">Stops the handler.</param>
    /// <returns>Whether it was called.</returns>
    public abstract Task<bool> InvokeAsync(
        EventRecord record, ChangeContext context, Func<Func<Task>, Task> aroundAsync, CancellationToken cancellationToken);
}

/// <inheritdoc/>
internal sealed class HandlerRoute<TEntity> : HandlerRoute
    where TEntity : class
{
    private readonly Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> _handle;
    private readonly Func<ChangeEvent<TEntity>, bool>[] _conditions;

    public HandlerRoute(
        string name, string? eventType, ChangeKind? kind, HandlerSettings settings,
        Func<ChangeEvent<TEntity>, ChangeContext, CancellationToken, Task> handle)
        : base(name, typeof(TEntity), eventType, kind, settings)
    {
        _handle = handle;
        _conditions =
        [
            .. settings.Conditions.Where(condition => condition.EntityType == typeof(TEntity))
                .Select(condition => ((Expression<Func<ChangeEvent<TEntity>, bool>>)condition.Condition).Compile()),
        ];
    }

    public override async Task<bool> InvokeAsync(
        EventRecord record, ChangeContext context, Func<Func<Task>, Task> aroundAsync, CancellationToken cancellationToken)
    {
        var change = new ChangeEvent<TEntity>(record, context.Services);
        foreach (var condition in _conditions)
        {
            if (!condition(change))
            {
                return false;
            }
        }

        await aroundAsync(() => _handle(change, context, cancellationToken)).ConfigureAwait(false);
        return true;
    }
}
