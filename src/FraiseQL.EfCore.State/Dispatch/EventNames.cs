namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Names of events: what happened, after the entity it happened to.</summary>
internal static class EventNames
{
    private static readonly ChangeKind[] Kinds = [ChangeKind.Created, ChangeKind.Updated, ChangeKind.Deleted, ChangeKind.Truncated];

    public static string Of(string prefix, ChangeKind kind)
        => prefix + kind switch
        {
            ChangeKind.Created => "_created",
            ChangeKind.Updated => "_updated",
            ChangeKind.Deleted => "_deleted",
            _ => "_truncated",
        };

    public static IEnumerable<string> All(string prefix) => Kinds.Select(kind => Of(prefix, kind));
}
