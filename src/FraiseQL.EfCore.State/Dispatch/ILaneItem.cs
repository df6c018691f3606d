namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Work for a lane.</summary>
internal interface ILaneItem
{
    /// <summary>The same for all work of one entity.</summary>
    int LaneHash { get; }
}
