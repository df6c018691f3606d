namespace FraiseQL.EfCore.State;

/// <summary>How old a cached answer may be. docs/consistency.md says what each level guarantees, and with which bound.</summary>
public enum ConsistencyLevel
{
    /// <summary>
    /// Never older than this node's own commits, nor than what it has heard of others: milliseconds, and at most <c>Consistency:MaxSilence</c> while it
    /// is cut off. A <see cref="ConsistencyToken"/> makes it exact for one reader.
    /// </summary>
    ReadYourWrites,

    /// <summary>
    /// Never older than any commit of any program before the read: each hit is proven by a look at the event log, or the database is read.
    /// </summary>
    Strict,

    /// <summary>
    /// At most so old as the reader says: what a change has ended may be served until then, declared as <see cref="CacheOutcome.Stale"/>; but not to who
    /// has written since.
    /// </summary>
    BoundedStaleness,
}
