namespace FraiseQL.EfCore.State.EventLog;

/// <summary>
/// Which log a position belongs to. Transaction ids mean something only within one: a restored copy, another database or a log
/// that was created anew issues the same ids for other changes.
/// </summary>
/// <param name="Log">Server, database and log table. A group's position lives in the same database, so it needs no more than this.</param>
/// <param name="Timeline">Changes at a failover, after which ids that were seen may be issued again.</param>
/// <param name="Started">Changes at a restart, after which commits that were not flushed may be gone and their ids issued again.</param>
internal sealed record LogIdentity(string Log, string Timeline, string Started)
{
    /// <summary>Whether a position of <paramref name="earlier"/>, held in memory, can be read on from.</summary>
    public bool Continues(LogIdentity earlier) => Log == earlier.Log && Timeline == earlier.Timeline;
}
