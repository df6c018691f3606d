using System.Data.Common;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Checks;

/// <summary>A hit to be read once more.</summary>
/// <param name="Plan">The query.</param>
/// <param name="Lookup">Its key, policy and database.</param>
/// <param name="Entry">What was served.</param>
/// <param name="Outcome">From where.</param>
/// <param name="Command">The command that EF would have executed, without a connection; the checker disposes it.</param>
internal sealed record Sample(QueryPlan Plan, Lookup Lookup, CachedEntry Entry, CacheOutcome Outcome, DbCommand Command);
