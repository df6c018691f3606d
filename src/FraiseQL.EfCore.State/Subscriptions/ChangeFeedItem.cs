using System.Diagnostics.CodeAnalysis;
using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State;

/// <summary>One item of <see cref="IChangeFeed.WatchAsync{TEntity}"/>: a change, or the word that some may have been missed.</summary>
/// <remarks>Immutable; as the change in it, to be read from one thread at a time.</remarks>
/// <typeparam name="TEntity">The entity type.</typeparam>
public sealed class ChangeFeedItem<TEntity>
    where TEntity : class
{
    private readonly string _epoch;
    private readonly LogPlace? _place;

    internal ChangeFeedItem(ChangeEvent<TEntity>? change, string epoch, LogPlace? place)
    {
        Change = change;
        _epoch = epoch;
        _place = place;
    }

    /// <summary>The change; <see langword="null"/> for a reset.</summary>
    public ChangeEvent<TEntity>? Change { get; }

    /// <summary>
    /// Whether this is a reset: what happened before it may not have been told, what is committed from now on will be. Read what you show.
    /// </summary>
    [MemberNotNullWhen(false, nameof(Change))]
    public bool IsReset => Change is null;

    /// <summary>
    /// Where this is in the log: an opaque text for <see cref="WatchOptions{TEntity}.From"/>, on this node or another, as long as the log goes
    /// back that far. At a reset because the reader was too slow, the position after the last change that it was told: who goes on from there
    /// misses nothing. <see langword="null"/> at a reset before the listener has first connected.
    /// </summary>
    public string? Position => _place is null ? null : FeedPosition.Format(_epoch, _place);
}
