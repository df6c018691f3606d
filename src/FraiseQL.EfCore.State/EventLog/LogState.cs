namespace FraiseQL.EfCore.State.EventLog;

/// <summary>What a server says of itself and its log.</summary>
/// <param name="Identity">Which log it is.</param>
/// <param name="Snapshot">What is visible now.</param>
/// <param name="HasLog">Whether the event log table exists.</param>
/// <param name="IsStandby">Whether the server is in recovery: it can neither notify nor tell which transactions are in flight.</param>
/// <param name="Pruned">Events of transactions below it are gone from the log.</param>
internal sealed record LogState(LogIdentity Identity, PgSnapshot Snapshot, bool HasLog, bool IsStandby, ulong Pruned)
{
    /// <summary>Whether a reader at this position has lost events: some that it has not seen are no longer in the log.</summary>
    public bool HasPruned(PgSnapshot position) => position.Xmin < Pruned && !position.Equals(PgSnapshot.Beginning);
}
