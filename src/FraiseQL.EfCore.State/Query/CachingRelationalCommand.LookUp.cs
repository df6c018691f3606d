using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>The look into memory: which key, is there an entry, may it be served.</summary>
internal sealed partial class CachingRelationalCommand
{
    private Lookup LookUp(RelationalCommandParameterObject parameters)
    {
        if (!TryFindPlace(parameters, out var lookup))
        {
            return default;
        }

        var runtime = _session!.Runtime;
        var policy = lookup.Policy;
        var database = lookup.Database.Ledger;
        var freshness = Freshness.Stale;
        if (runtime.Store.FindInL1(lookup.Key!) is { } entry)
        {
            // Before the check: what is known now is among what it asks for.
            var knownAt = policy.MaxStaleness is null ? 0 : database.KnownAt;
            freshness = Check(entry, lookup, runtime);
            if (policy.MaxStaleness is { } patience)
            {
                if (freshness == Freshness.Fresh && runtime.Time.GetElapsedTime(knownAt) <= patience)
                {
                    entry.SeenFresh(knownAt);
                }
                else if (MayServeStale(entry, lookup, patience, runtime))
                {
                    return lookup with { Reader = Serve(entry, lookup, parameters, CacheOutcome.Stale) };
                }
                else if (freshness == Freshness.Fresh)
                {
                    // The reader's bound is shorter than the one that silence has for everybody.
                    freshness = Freshness.Silent;
                }
            }

            if (freshness == Freshness.Fresh && !lookup.MustLook && !(policy.RefreshAhead is { } ahead && TryTakeRefresh(ahead, entry, ref lookup, runtime)))
            {
                if (policy.Sliding is not null)
                {
                    entry.Used(runtime.Time.GetUtcNow());
                }

                return lookup with { Reader = Serve(entry, lookup, parameters, CacheOutcome.L1Hit) };
            }

            if (freshness == Freshness.Stale)
            {
                NoteEnd(entry, lookup);
            }

            if (policy.FailSafe is not null)
            {
                lookup = lookup with { LastKnown = entry };
            }
        }

        if (freshness != Freshness.Silent && !IsSilent(lookup))
        {
            return lookup;
        }

        if (lookup.LastKnown is not null)
        {
            return lookup with { IsSilent = true };
        }

        _session.Bypassed(_plan!, policy, "silent");
        return default;
    }

    /// <summary>Where an execution's result is or will be; false, and counted, when the cache takes no part in it.</summary>
    private bool TryFindPlace(RelationalCommandParameterObject parameters, out Lookup lookup)
    {
        var session = SessionOf(parameters);
        var plan = _plan!;
        var database = session.DatabaseOf(parameters.Connection);
        var policy = plan.PolicyOf(session.Runtime.Options, parameters.Context!, parameters.ParameterValues!, session.CacheAllTtl, database.Catalog);
        if (policy.WhileProven is not null && database.Ledger.Listening)
        {
            policy = policy.Renewing(plan.Refusal is null);
        }

        lookup = default;
        if (session.WhyBypass(parameters.Connection, database, plan, policy) is { } reason)
        {
            session.Bypassed(plan, policy, reason);
            return false;
        }

        if (KeyOf(plan, policy, database, parameters.Context!, parameters.ParameterValues!, out var claims, out var refusal) is not { } key)
        {
            session.Refused(plan, policy, refusal!);
            return false;
        }

        lookup = new Lookup(key, database, policy) { Claims = claims, Log = database.Ledger.Log, Required = session.RequirementOn(database) };
        return true;
    }

    private static bool IsSilent(Lookup lookup) => lookup.Database.Ledger is { Listening: true, IsSilent: true };

    // The one who takes it reads the database; everybody else is served from memory meanwhile.
    private static bool TryTakeRefresh(TimeSpan ahead, CachedEntry entry, ref Lookup lookup, StateRuntime runtime)
    {
        if (runtime.Time.GetUtcNow() - entry.CreatedAt < lookup.Policy.L1Ttl - ahead || !runtime.Flights.TryLead(lookup.Key!, out var flight))
        {
            return false;
        }

        lookup = lookup with { Refresh = flight, LastKnown = entry };
        return true;
    }

    private CacheKey? KeyOf(
        QueryPlan plan,
        EffectivePolicy policy,
        DatabaseState database,
        DbContext context,
        IReadOnlyDictionary<string, object?> values,
        out string?[] claims,
        out Refusal? refusal)
    {
        var runtime = _session!.Runtime;
        claims = [];
        if (policy.PerUser && runtime.Scopes.User is null)
        {
            refusal = Refusal.UserScope;
            return null;
        }

        refusal = null;
        var writer = new KeyWriter(stackalloc byte[384]);
        try
        {
            if (plan.TryWriteKey(ref writer, database.Identity, policy, values) is { } type)
            {
                refusal = Refusal.ParameterType(type.Name);
                return null;
            }

            if (!TryWriteScopes(ref writer, runtime.Scopes, context, policy.PerUser, plan.ReadsSettings(database.Catalog, policy), out claims, out var user))
            {
                refusal = Refusal.ScopeFailed;
                return null;
            }

            var hash = KeyMemo<CacheKey>.HashOf(writer.Written);
            return runtime.Store.Keys.Find(writer.Written, hash) ?? plan.CreateKey(writer.Written.ToArray(), hash, policy, values, user);
        }
        finally
        {
            writer.Dispose();
        }
    }

    public static bool TryWriteScopes(ref KeyWriter writer, CacheScopes scopes, DbContext context, bool perUser, bool readsSettings, out string?[] claims, out string? user)
    {
        claims = [];
        user = null;
        try
        {
            claims = scopes.Write(ref writer, context, perUser, readsSettings, out user);
            return true;
        }
#pragma warning disable CA1031 // The application's function; its query goes on without the cache.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    public static bool IsServable(CachedEntry entry, Lookup lookup, StateRuntime runtime) => Check(entry, lookup, runtime) == Freshness.Fresh;

    private static Freshness Check(CachedEntry entry, Lookup lookup, StateRuntime runtime)
    {
        var key = lookup.Key!;
        var freshness = entry.Bundle is { } bundle
            ? lookup.Database.Ledger.Check(entry, bundle.Cells, bundle.Columns, bundle.PendingCells)
            : lookup.Database.Ledger.Check(entry, key.Cells, key.Columns, key.PendingCells);
        var policy = lookup.Policy;
        if (freshness == Freshness.Fresh && lookup.Required.Position is { } required && entry.Snapshot?.Contains(required) != true)
        {
            // Fresh as far as this node has heard, and the token's holder has seen more.
            return Freshness.Stale;
        }

        return freshness == Freshness.Fresh && IsOver(entry, policy, runtime) ? Freshness.Stale : freshness;
    }

    // Its time to live holds as always, and what this context or its scope has written, or what a token requires, is never missed.
    private bool MayServeStale(CachedEntry entry, Lookup lookup, TimeSpan patience, StateRuntime runtime)
    {
        var ledger = lookup.Database.Ledger;
        return !IsOver(entry, lookup.Policy, runtime)
            && (lookup.Policy.OwnWritesToo || entry.ValidatedEpoch >= _session!.LastWriteTo(ledger))
            && !_session!.HasRequirement
            && ledger.MayBeStaleSince(entry, lookup.Key!.Cells, lookup.Key.PendingCells) is { } since
            && runtime.Time.GetElapsedTime(since) <= patience;
    }

    private static bool IsOver(CachedEntry entry, EffectivePolicy policy, StateRuntime runtime)
    {
        if (policy.Sliding is null && entry.ServedUntil is null && entry.Ttl <= policy.LongestTtl)
        {
            return false;
        }

        // Another call site may have stored the same query for longer than this one allows, or fail-safe keeps it beyond its time.
        var now = runtime.Time.GetUtcNow();
        var age = now - entry.CreatedAt;
        return age >= policy.LongestTtl || age >= entry.Ttl || now >= entry.ServedUntil || now - entry.UsedAt > policy.Sliding;
    }

    private CachedRelationalDataReader Serve(CachedEntry entry, Lookup lookup, in RelationalCommandParameterObject parameters, CacheOutcome outcome)
    {
        _session!.Served(_plan!, lookup.Policy, outcome);
        Took(lookup.Policy, outcome);
        if (outcome is not (CacheOutcome.Bypass or CacheOutcome.Stale))
        {
            _session.Observer?.Served(_plan!, lookup, entry);
        }

        if (_session.Runtime.Checker is { } checks && outcome is CacheOutcome.L1Hit or CacheOutcome.L2Hit && (_session.IsSampleDue || checks.Takes()))
        {
            SampleHit(checks, entry, lookup, parameters, outcome);
        }

        var reader = _cachedReader ??= new CachedRelationalDataReader();
        reader.Open(entry.Rows, parameters.Connection);
        return reader;
    }
}
