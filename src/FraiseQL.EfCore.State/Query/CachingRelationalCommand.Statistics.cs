using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What an execution adds to the figures of its query.</summary>
internal sealed partial class CachingRelationalCommand
{
    // A hit that waited for another's load counts only if it was sampled, as every hit; what a server answered always does.
    private void Took(EffectivePolicy policy, CacheOutcome outcome)
    {
        StateMetrics.Took(outcome, _startedAt, _session!.Runtime.ContextTag);
        var began = _startedAt != 0 ? _startedAt : outcome is CacheOutcome.L2Hit or CacheOutcome.Miss ? _filledFrom : 0;
        if (began != 0)
        {
            policy.TallyOf(_plan!, _session!.Runtime.Statistics).Took(outcome, TimeProvider.System.GetElapsedTime(began));
        }
    }

    /// <summary>An entry is here and may not be served: because of a change, or because its time is over.</summary>
    private void NoteEnd(CachedEntry entry, Lookup lookup)
    {
        // Another node's change, which only a token knows of, has not ended it here.
        if (entry.Tally is not { } tally || !lookup.Required.IsMet)
        {
            return;
        }

        var runtime = _session!.Runtime;
        if (IsOver(entry, lookup.Policy, runtime))
        {
            if (entry.TryNoteEnd())
            {
                tally.Expired();
            }
        }
        else if (LastCause(entry, lookup) is { } cause && entry.TryNoteEnd())
        {
            // The clocks are the server's and this node's.
            var age = cause.At - entry.CreatedAt;
            var most = runtime.Time.GetUtcNow() - entry.CreatedAt;
            tally.Ended(age < TimeSpan.Zero ? TimeSpan.Zero : age < most ? age : most);
        }
    }

    private static BumpCause? LastCause(CachedEntry entry, Lookup lookup)
        => entry.Bundle is { } bundle
            ? lookup.Database.Ledger.LastCause(bundle.Cells, bundle.Columns)
            : lookup.Database.Ledger.LastCause(lookup.Key!.Cells, lookup.Key.Columns);
}
