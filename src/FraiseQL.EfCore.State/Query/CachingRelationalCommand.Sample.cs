using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Checks;
using FraiseQL.EfCore.State.Listener;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace FraiseQL.EfCore.State.Query;

/// <summary>A hit that the consistency checker reads once more. See decision 0322.</summary>
internal sealed partial class CachingRelationalCommand
{
    private void SampleHit(ConsistencyChecks checks, CachedEntry entry, Lookup lookup, in RelationalCommandParameterObject parameters, CacheOutcome outcome)
    {
        _session!.IsSampleDue = false;
        if (!checks.HasRoom())
        {
            return;
        }

        // What may be stale by declaration proves nothing, and neither does a node that nobody tells what changes.
        var (plan, policy) = (_plan!, lookup.Policy);
        if (!lookup.Database.Ledger.Listening || plan.Refusal is not null || policy.IgnoresOwnTables || policy.RefreshedViews.Count > 0 || entry.Bundle is not null
            || parameters.Connection.DbConnection is not NpgsqlConnection connection)
        {
            checks.Skip();
            return;
        }

        try
        {
            checks.Connect(lookup.Database.Identity, () => connection.CloneWith(ContextDatabase.SettingsOf(connection, "", ConsistencyChecker.ConnectionPurpose, ConsistencyChecker.LongestQuery)));
            var command = base.CreateDbCommand(parameters, Guid.NewGuid(), DbCommandMethod.ExecuteReader);
            command.Connection = null;
            command.Transaction = null;
            checks.Offer(new Sample(plan, lookup with { Reader = null, LastKnown = null }, entry, outcome, command));
        }
#pragma warning disable CA1031 // The hit is served, whatever becomes of its check.
        catch (Exception)
#pragma warning restore CA1031
        {
            checks.Skip();
        }
    }
}
