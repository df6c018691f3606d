namespace FraiseQL.EfCore.State.Migrations;

/// <summary>
/// Whether triggers of another version of the model write all that a model needs. While nodes are replaced one by one, the triggers are those of only
/// one of the two versions; an added column is no reason for the other nodes to do without their cache.
/// </summary>
internal static class CaptureFit
{
    public static bool Suffices(CaptureAnnotation found, CaptureAnnotation wanted)
        => found.Relation == wanted.Relation
            && found.Entity == wanted.Entity
            && found.IsPart == wanted.IsPart
            && found.Key.SequenceEqual(wanted.Key)
            && found.EventKey.SequenceEqual(wanted.EventKey)
            && wanted.Columns.All(found.Columns.Contains)
            // What is not captured, or compared in another way, may change without being named.
            && wanted.Others.All(others => others.Value.All(column => found.ClassOf(column) is "column" || found.ClassOf(column) == $"{others.Key}"))
            && (found.Tuning.LogsUnchanged || !wanted.Tuning.LogsUnchanged);
}
