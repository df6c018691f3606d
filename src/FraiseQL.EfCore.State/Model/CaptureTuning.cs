namespace FraiseQL.EfCore.State.Model;

/// <summary>What <c>HasChangeEvents</c> says of the events of a table.</summary>
/// <param name="Excluded">Columns that are in no event.</param>
/// <param name="Redacted">Columns of which events tell only that they have changed.</param>
/// <param name="PreImage">Whether updates and deletes hold the whole row before them.</param>
/// <param name="LogsUnchanged">Whether an update that changes nothing is an event.</param>
/// <param name="Channel">A further channel on which writers ring.</param>
internal sealed record CaptureTuning(
    IReadOnlyList<string> Excluded, IReadOnlyList<string> Redacted, bool PreImage, bool LogsUnchanged, string? Channel = null)
{
    public static readonly CaptureTuning None = new([], [], PreImage: false, LogsUnchanged: false);
}
