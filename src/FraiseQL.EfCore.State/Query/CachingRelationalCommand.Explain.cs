using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>EXPLAIN: the same questions as those of an execution, with the answers written down.</summary>
internal sealed partial class CachingRelationalCommand
{
    /// <summary>Answers whether the command is one of a cacheable query.</summary>
    public bool Explain(CacheExplanation explanation, RelationalCommandParameterObject parameters)
    {
        if (_plan is not { } plan || (parameters.Context ?? parameters.Connection.Context) is not { } context)
        {
            return false;
        }

        // This is the template that all contexts share: what belongs to one must not stay in it.
        var own = With(plan, CommandText, LogCommandText);
        own._session = context.GetService<Writes.StateSession>();
        own.Explain(explanation, parameters, plan, context, own._session);
        return true;
    }

    private void Explain(
        CacheExplanation explanation, RelationalCommandParameterObject parameters, QueryPlan plan, DbContext context, Writes.StateSession session)
    {
        var runtime = session.Runtime;
        var values = parameters.ParameterValues ?? new Dictionary<string, object?>();
        var database = session.DatabaseOf(parameters.Connection);
        var policy = plan.PolicyOf(runtime.Options, context, values, session.CacheAllTtl, database.Catalog);
        var refusal = plan.RefusalUnder(policy);
        CacheKey? key = null;
        if (refusal is null)
        {
            key = KeyOf(plan, policy, database, context, values, out _, out refusal);
        }

        explanation.Add(plan, policy, refusal);
        if (policy.WhileProven is not null && refusal is null)
        {
            var renewing = database.Ledger.Listening ? policy.Renewing(plan.Refusal is null) : policy;
            explanation.AddRenewal(policy, renewing, database.Ledger.Listening);
            policy = renewing;
        }

        if (key is not null)
        {
            explanation.Add(plan, policy, runtime.Scopes.ValuesOf(context, policy.PerUser, plan.ReadsSettings(database.Catalog, policy)), runtime.Options.Cache.Version, values);
            var entry = runtime.Store.FindInL1(key);
            var lookup = new Lookup(key, database, policy);
            explanation.Add(
                key, session.WhyBypass(parameters.Connection, database, plan, policy), entry, entry is null ? Freshness.Stale : Check(entry, lookup, runtime),
                database.Ledger.LastCause(key.Cells, key.Columns));
        }
    }
}
