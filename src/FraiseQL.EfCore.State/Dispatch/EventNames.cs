namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Names of events: what happened, after the entity it happened to.</summary>
internal static class EventNames
{
    public static string Of(string prefix, ChangeKind kind)
        => prefix + kind switch
        {
            ChangeKind.Created => "_created",
            ChangeKind.Updated => "_updated",
            ChangeKind.Deleted => "_deleted",
            _ => "_truncated",
        };
}
