using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>What is logged and counted of the queries that read the database.</summary>
internal sealed partial class StateSession
{
    /// <summary>The database was read for a query that was not cached.</summary>
    public void Missed(QueryPlan plan, EffectivePolicy policy, DateTimeOffset begun)
    {
        if (policy.MissBudget is { } budget && Runtime.Time.GetUtcNow() - begun is var took && took > budget)
        {
            StateMetrics.MissBudgetExceeded(policy.Profile, Runtime.ContextTag);
            Log.MissBudgetExceeded(Logger, NameOf(plan, policy), took.TotalMilliseconds, budget.TotalMilliseconds);
        }
    }

    public void Stored(QueryPlan plan, EffectivePolicy policy, CachedEntry entry)
    {
        StateMetrics.Stored(policy.LongestTtl, entry.HeapSize, policy.Profile, Runtime.ContextTag);
        if (IsLogging)
        {
            Log.Stored(Logger, NameOf(plan, policy), entry.Rows.RowCount, entry.HeapSize, policy.LongestTtl);
        }
    }

    /// <summary>Rows were read and are not kept.</summary>
    public void Rejected(QueryPlan plan, EffectivePolicy policy, string reason)
    {
        StateMetrics.Rejected(reason, Runtime.ContextTag);
        if (reason == "scope-mismatch")
        {
            Log.ScopeMismatch(Logger, NameOf(plan, policy));
        }
        else if (IsLogging)
        {
            Log.Rejected(Logger, NameOf(plan, policy), reason);
        }
    }

    // Who wrote .Cacheable() wants to know; CacheAllQueries meets many queries that nobody meant to cache.
    private void NoteRefusal(QueryPlan plan, Refusal refusal)
    {
        if (!plan.Policy.IsImplicit && plan.TryNoteRefusal())
        {
            Log.Refused(Logger, refusal.Code, refusal.Reason);
        }
    }

    private static string NameOf(QueryPlan plan, EffectivePolicy policy) => policy.Name ?? plan.ShortId;
}
