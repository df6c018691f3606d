using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Consistency;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What is known after the synchronous part of an execution: no key means that the cache takes no part in it.</summary>
internal readonly record struct Lookup(CacheKey? Key, DatabaseState Database, EffectivePolicy Policy)
{
    public RelationalDataReader? Reader { get; init; }

    /// <summary>What the key says about the session's settings, in the order of <c>CacheScopes.SessionVariables</c>.</summary>
    public string?[] Claims { get; init; } = [];

    /// <summary>The log that was followed before anything was read: what this execution stores belongs to it.</summary>
    public string? Log { get; init; }

    /// <summary>What this node holds on the shared server while it reads the database.</summary>
    public FillLease? Lease { get; init; }

    /// <summary>The entry in memory that is not to be served now, but better than an error.</summary>
    public CachedEntry? LastKnown { get; init; }

    /// <summary>What tokens ask for beyond what this node has applied.</summary>
    public Requirement Required { get; init; }

    /// <summary>Whether a hit is served only after a look at the log that began after the query.</summary>
    public bool MustLook => Policy.IsStrict || Required.Now;

    /// <summary>The flight of an early refresh, which this execution leads.</summary>
    public Flights.Flight? Refresh { get; init; }

    /// <summary>The node hears nothing from the database: what is read now is for this caller only.</summary>
    public bool IsSilent { get; init; }
}
