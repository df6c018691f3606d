using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State;

/// <summary>
/// The names of the events of an entity type that the model gives no other name: its short name in snake case, and what happened.
/// </summary>
/// <remarks>Thread-safe. Where the name does not matter, <see cref="ChangeKind"/> does without it.</remarks>
public static class EventTypes
{
    /// <summary>Such as <c>post_created</c>.</summary>
    /// <typeparam name="TEntity">The entity type.</typeparam>
    /// <returns>The name of the event.</returns>
    public static string Created<TEntity>() => Of<TEntity>(ChangeKind.Created);

    /// <summary>Such as <c>post_updated</c>.</summary>
    /// <typeparam name="TEntity">The entity type.</typeparam>
    /// <returns>The name of the event.</returns>
    public static string Updated<TEntity>() => Of<TEntity>(ChangeKind.Updated);

    /// <summary>Such as <c>post_deleted</c>.</summary>
    /// <typeparam name="TEntity">The entity type.</typeparam>
    /// <returns>The name of the event.</returns>
    public static string Deleted<TEntity>() => Of<TEntity>(ChangeKind.Deleted);

    /// <summary>Such as <c>post_truncated</c>.</summary>
    /// <typeparam name="TEntity">The entity type.</typeparam>
    /// <returns>The name of the event.</returns>
    public static string Truncated<TEntity>() => Of<TEntity>(ChangeKind.Truncated);

    private static string Of<TEntity>(ChangeKind kind) => EventNames.Of(EntityNames.ToSnakeCase(typeof(TEntity).Name), kind);
}
