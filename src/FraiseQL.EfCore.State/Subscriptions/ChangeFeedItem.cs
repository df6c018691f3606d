using System.Diagnostics.CodeAnalysis;

namespace FraiseQL.EfCore.State;

/// <summary>One item of <see cref="IChangeFeed.WatchAsync{TEntity}"/>: a change, or the word that some may have been missed.</summary>
/// <remarks>Immutable; as the change in it, to be read from one thread at a time.</remarks>
/// <typeparam name="TEntity">The entity type.</typeparam>
public sealed class ChangeFeedItem<TEntity>
    where TEntity : class
{
    internal ChangeFeedItem(ChangeEvent<TEntity>? change) => Change = change;

    /// <summary>The change; <see langword="null"/> for a reset.</summary>
    public ChangeEvent<TEntity>? Change { get; }

    /// <summary>
    /// Whether this is a reset: what happened before it may not have been told, what is committed from now on will be. Read what you show.
    /// </summary>
    [MemberNotNullWhen(false, nameof(Change))]
    public bool IsReset => Change is null;
}
