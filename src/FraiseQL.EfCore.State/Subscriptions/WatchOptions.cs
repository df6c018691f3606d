namespace FraiseQL.EfCore.State;

/// <summary>Which changes <see cref="IChangeFeed.WatchAsync{TEntity}"/> tells, and from where.</summary>
/// <remarks>Read when the enumeration begins.</remarks>
/// <typeparam name="TEntity">The entity type.</typeparam>
public sealed class WatchOptions<TEntity>
    where TEntity : class
{
    /// <summary>
    /// A <see cref="ChangeFeedItem{TEntity}.Position"/> after which to go on, on any node: what happened since comes from the log, then follows
    /// what happens. The first item is a reset only when the log cannot say what happened since.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: from now on, after a reset.</value>
    public string? From { get; init; }

    /// <summary>The kinds of changes.</summary>
    /// <value>The default value is <see langword="null"/>: all.</value>
    public IReadOnlyCollection<ChangeKind>? Kinds { get; init; }

    /// <summary>The only entity, as in <see cref="ChangeEvent{TEntity}.EntityId"/>: <c>post-789</c>. A truncate concerns it too.</summary>
    /// <value>The default value is <see langword="null"/>: every one.</value>
    public string? EntityId { get; init; }

    /// <summary>What else must be true of a change. An exception that it throws ends the enumeration.</summary>
    /// <value>The default value is <see langword="null"/>: nothing.</value>
    public Func<ChangeEvent<TEntity>, bool>? Where { get; init; }

    internal bool Wants(ChangeEvent<TEntity> change)
        => (Kinds is null || Kinds.Contains(change.Kind))
            && (EntityId is null || change.EntityId == EntityId || change.Kind == ChangeKind.Truncated)
            && (Where is null || Where(change));
}
