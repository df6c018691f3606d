using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;

namespace FraiseQL.EfCore.State.Query;

/// <summary>A hot key that has changed: one node reads the database, and the others wait a moment for its entry. See decision 0321.</summary>
internal sealed partial class CachingRelationalCommand
{
    /// <summary>The entry that another node has read, if it is proven here; otherwise the lease, if this node is to read, or neither.</summary>
    private async ValueTask<(CachedEntry? Entry, FillLease? Lease)> FindOrLeaseAsync(Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        var runtime = _session!.Runtime;
        var store = runtime.Store;
        var longest = _session.WarmingPatience ?? runtime.Options.Cache.L2.LeaseWait;
        var begun = runtime.Time.GetTimestamp();
        var hasWaited = false;
        while (longest - runtime.Time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
        {
            var (found, lease, held) = await store.FindOrLeaseAsync(lookup.Key!, lookup.Log, longest, left, async, cancellationToken).ConfigureAwait(false);
            if (Proven(found, lookup, runtime) is { } entry)
            {
                if (lease is not null)
                {
                    store.EndLease(lease);
                }

                if (hasWaited)
                {
                    StateMetrics.Leased("awaited", runtime.ContextTag);
                }

                return (entry, null);
            }

            if (lease is not null || !held)
            {
                StateMetrics.Leased(lease is not null ? "taken" : "unavailable", runtime.ContextTag);
                return (null, lease);
            }

            hasWaited = true;
            left = longest - runtime.Time.GetElapsedTime(begun);
            if (!await store.LeaseEndsAsync(lookup.Key!, lookup.Log, left, async, cancellationToken).ConfigureAwait(false))
            {
                break;
            }
        }

        // Its holder is slow, or is no more: the database answers everybody.
        StateMetrics.Leased("expired", runtime.ContextTag);
        return (null, null);
    }
}
