namespace FraiseQL.EfCore.State;

/// <content>Groups of handlers as operators see them.</content>
public static partial class FraiseQLStateEventId
{
    /// <summary>Somebody has paused a group of handlers; this node no longer runs it.</summary>
    public const int HandlersPaused = 4020;
}
