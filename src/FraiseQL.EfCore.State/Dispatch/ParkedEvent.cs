using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>An event that was put aside.</summary>
/// <param name="Change">What it is.</param>
/// <param name="Attempts">How often it was tried; 0 when it only waits for an earlier one.</param>
/// <param name="IsWanted">Whether somebody asked for it to be handled again.</param>
internal sealed record ParkedEvent(ChangeRecord Change, int Attempts, bool IsWanted);
