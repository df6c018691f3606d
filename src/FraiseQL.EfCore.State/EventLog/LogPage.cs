namespace FraiseQL.EfCore.State.EventLog;

/// <summary>A part of a window of the log.</summary>
/// <param name="To">The end of the window: what was visible when its first part was read, unless the caller fixed it.</param>
/// <param name="Changes">In ascending <see cref="ChangeRecord.Seq"/>.</param>
/// <param name="IsLast">Whether the window holds nothing after this part.</param>
internal sealed record LogPage(PgSnapshot To, IReadOnlyList<ChangeRecord> Changes, bool IsLast);
