using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>One database as this process sees it: its identity, and what is known of its changes.</summary>
internal sealed class DatabaseState(DatabaseIdentity identity, FreshnessLedger ledger)
{
    public DatabaseIdentity Identity { get; } = identity;

    /// <summary>Shared by all connection strings that lead to the same database.</summary>
    public FreshnessLedger Ledger { get; } = ledger;
}
