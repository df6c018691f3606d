namespace FraiseQL.EfCore.State.Cache;

/// <summary>What the ledger says of an entry.</summary>
internal enum Freshness
{
    /// <summary>Proven: nothing the entry depends on has changed since its rows were read.</summary>
    Fresh,

    /// <summary>Something it depends on has changed, or it cannot be proven that nothing has.</summary>
    Stale,

    /// <summary>A local write is not yet known from the log; the entry may be fresh again in a moment.</summary>
    Pending,

    /// <summary>The listener has not heard from the database for longer than the configured bound, or not at all yet.</summary>
    Silent,
}
