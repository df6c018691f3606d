namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The wish to handle what is parked of one entity, in its lane: no event of the entity can overtake it there.</summary>
internal sealed record EntityRetry((string Entity, string Key) Entity) : ILaneItem
{
    public int LaneHash => Entity.GetHashCode();
}
