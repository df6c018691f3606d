using FraiseQL.EfCore.State.Keys;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>One query for many nodes: who reads the database for a key says so on the shared server. See decision 0321.</summary>
internal sealed partial class EntryStore
{
    /// <summary>Whether the shared server can tell which node reads the database for a key.</summary>
    public bool HasLeases => _l2 is { HasLeases: true };

    /// <summary>
    /// The entry on the shared server, not yet proven, and the lease of the key, if nobody had it; with <c>Held</c> somebody else has it. Neither when the
    /// server fails. In this order: an entry that is stored before a lease ends is found by the next one who gets it.
    /// </summary>
    public async ValueTask<(CachedEntry? Entry, FillLease? Lease, bool Held)> FindOrLeaseAsync(
        CacheKey key, string? log, TimeSpan longest, TimeSpan budget, bool async, CancellationToken cancellationToken)
    {
        var level = _l2!;
        var name = NameOf(key, log);
        using var payload = new PayloadBuffer();
        var endsAt = level.Time.GetTimestamp() + (long)(longest.TotalSeconds * level.Time.TimestampFrequency);
        var adding = level.AddAsync(LeaseOf(name), longest, budget, async, cancellationToken);
        var added = async && level.KeepsOrder ? default(L2Result?) : await adding.ConfigureAwait(false);
        if (added is not (null or L2Result.Stored or L2Result.Refused))
        {
            // It fails: once is enough.
            return (null, null, false);
        }

        bool found;
        try
        {
            found = async
                ? await level.ReadAsync(name, payload, cancellationToken).ConfigureAwait(false)
                : level.Read(name, payload);
        }
        finally
        {
            added ??= await adding.ConfigureAwait(false);
        }

        return (found ? Open(name, payload) : null, added == L2Result.Stored ? new FillLease(LeaseOf(name), endsAt) : null, added == L2Result.Refused);
    }

    /// <summary>Whether the holder of a key's lease has ended it, within the time.</summary>
    public async ValueTask<bool> LeaseEndsAsync(CacheKey key, string? log, TimeSpan within, bool async, CancellationToken cancellationToken)
    {
        var level = _l2!;
        var name = LeaseOf(NameOf(key, log));
        var begun = level.Time.GetTimestamp();
        var pause = s_firstLook;
        using var payload = new PayloadBuffer();
        using var never = async ? null : new SemaphoreSlim(0, 1);
        while (within - level.Time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
        {
            pause = pause < left ? pause : left;
            if (async)
            {
                await Task.Delay(pause, level.Time, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                never!.Wait(pause, CancellationToken.None);
            }

            left = within - level.Time.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            var seen = await level.LookAsync(name, payload, left, async, cancellationToken).ConfigureAwait(false);
            if (seen != L2Result.Hit)
            {
                return seen == L2Result.Miss;
            }

            pause = pause < s_longestPause ? pause * 2 : pause;
        }

        return false;
    }

    /// <summary>Ends a lease whose holder has nothing to share. Nobody waits for it.</summary>
    public void EndLease(FillLease lease) => _ = _writes!.EndAsync(lease);

    private static string LeaseOf(string name) => name + ".lease";
}
