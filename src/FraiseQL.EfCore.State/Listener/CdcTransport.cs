namespace FraiseQL.EfCore.State;

/// <summary>What wakes the listener. Events always come from the log: a wake-up that is lost or forged costs time and nothing else.</summary>
public enum CdcTransport
{
    /// <summary>PostgreSQL's NOTIFY, and a look at the log now and then in case one is lost.</summary>
    Notify,

    /// <summary>Only looks at the log, every <c>Cdc:PollInterval</c>: where LISTEN is not to be had, as behind a pooler.</summary>
    Poll,

    /// <summary>Logical replication; refused by this version.</summary>
    LogicalReplication,
}
