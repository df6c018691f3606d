namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>One event on its way through the handlers that want it.</summary>
/// <remarks>Worked on by one lane at a time.</remarks>
internal sealed class Delivery(EventRecord record, IReadOnlyList<HandlerRoute> routes, LogPlace window) : ILaneItem
{
    public EventRecord Record => record;

    public IReadOnlyList<HandlerRoute> Routes => routes;

    /// <summary>The window it was read from, up to just before it.</summary>
    public LogPlace Window => window;

    /// <summary>Names the entity within the group: its relation's root and its key.</summary>
    public (string Entity, string Key) EntityKey { get; } = (record.Change.Entity, record.Change.Key ?? "*");

    public int LaneHash => EntityKey.GetHashCode();

    /// <summary>How many of the handlers have succeeded; a retry goes on with the next.</summary>
    public int Handled { get; set; }

    /// <summary>How many attempts have begun.</summary>
    public int Attempts { get; set; }

    /// <summary>Set under the ledger's lock.</summary>
    public bool IsDone { get; set; }
}
