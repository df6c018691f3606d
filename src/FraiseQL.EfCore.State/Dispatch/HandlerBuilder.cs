using System.Linq.Expressions;
using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State;

/// <summary>How a handler class runs: given to <c>AddHandler&lt;THandler&gt;(h => …)</c>.</summary>
/// <remarks>Used while services are registered; not thread-safe.</remarks>
public sealed class HandlerBuilder
{
    internal HandlerBuilder()
    {
    }

    internal HandlerSettings Settings { get; } = new();

    /// <summary>
    /// Runs the handler in a group of that name, once per cluster: a group has a position, a lease, lanes, retries and dead letters of its
    /// own, so that one that fails or is slow holds up no other. Without it, all handlers of a context are in one group.
    /// </summary>
    /// <param name="group">The name under which the database keeps the group, of every program that uses it.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException"><paramref name="group"/> is empty.</exception>
    public HandlerBuilder Competing(string group)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(group);
        (Settings.Group, Settings.IsBroadcast) = (group, false);
        return this;
    }

    /// <summary>
    /// Runs the handler on every node, from its start to its end: for what each process has of its own. Its position is in memory. An event
    /// that fails for the last time is logged and left out, on that node.
    /// </summary>
    /// <returns>The same builder.</returns>
    public HandlerBuilder Broadcast()
    {
        (Settings.Group, Settings.IsBroadcast) = (null, true);
        return this;
    }

    /// <summary>
    /// Gives the handler's effect in the context's database exactly once: a transaction is begun on the context of the handler's scope, the
    /// event is noted in the table <c>fraiseql.inbox</c>, the handler runs, and both are committed together. An event that is noted there
    /// already is skipped. What a handler does elsewhere may still be done twice.
    /// </summary>
    /// <param name="name">
    /// The name under which the note is kept: the same over all versions of the program. <see langword="null"/> for the name of the class.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <remarks>The handler must not commit itself. Its transaction stays open while it runs: keep slow calls to others out of it.</remarks>
    public HandlerBuilder WithInbox(string? name = null)
    {
        (Settings.HasInbox, Settings.InboxName) = (true, name);
        return this;
    }

    /// <summary>
    /// Handles only events of which this is true: <c>e => e.ChangedTo(p => p.Status, Status.Shipped)</c>. Several conditions must all be true.
    /// An event that cannot tell is a failed one, not a skipped one.
    /// </summary>
    /// <typeparam name="TEntity">One of the entity types that the class handles.</typeparam>
    /// <param name="condition">The condition; <see cref="ChangeEvent{TEntity}.Changed"/> and its like are checked when the host starts.</param>
    /// <returns>The same builder.</returns>
    public HandlerBuilder When<TEntity>(Expression<Func<ChangeEvent<TEntity>, bool>> condition)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(condition);
        Settings.Conditions.Add((typeof(TEntity), condition));
        return this;
    }
}
