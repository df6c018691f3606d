using System.Data.Common;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>The miss: one query for all who wait, the shared level before the database, and the proof that goes into the entry.</summary>
internal sealed partial class CachingRelationalCommand
{
    private const int MostJoins = 3;

    private async ValueTask<RelationalDataReader> FillAsync(
        RelationalCommandParameterObject parameters, Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        var runtime = _session!.Runtime;
        var key = lookup.Key!;
        _filledFrom = TimeProvider.System.GetTimestamp();
        try
        {
            if (lookup.IsSilent)
            {
                _session.Bypassed(_plan!, lookup.Policy, "silent");
                return await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false);
            }

            if (lookup.MustLook || !lookup.Required.IsMet)
            {
                if (await LookAtLogAsync(lookup, async, cancellationToken).ConfigureAwait(false))
                {
                    lookup = lookup with { Required = _session.RequirementOn(lookup.Database) };
                }
                else if (lookup.MustLook)
                {
                    _session.Bypassed(_plan!, lookup.Policy, "unverified");
                    return await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false);
                }

                if (runtime.Store.FindInL1(key) is { } proven && IsServable(proven, lookup, runtime))
                {
                    return Serve(proven, lookup, parameters, CacheOutcome.L1Hit);
                }
            }

            if (lookup.Refresh is { } refresh)
            {
                return await LeadAsync(refresh, parameters, lookup, async, cancellationToken).ConfigureAwait(false);
            }

            for (var joins = 0; joins < MostJoins; joins++)
            {
                if (runtime.Flights.TryLead(key, out var flight))
                {
                    return await LeadAsync(flight, parameters, lookup, async, cancellationToken).ConfigureAwait(false);
                }

                var landed = async
                    ? await flight.Landed.WaitAsync(cancellationToken).ConfigureAwait(false)
                    : flight.Landed.GetAwaiter().GetResult();

                // Checked against now: a flight that began before a commit which this caller has seen does not count.
                if (landed.Entry is { } entry && IsServable(entry, lookup, runtime))
                {
                    return Serve(entry, lookup, parameters, CacheOutcome.L1Hit);
                }

                if (landed.Entry is null && !landed.LeaderLeft)
                {
                    break;
                }
            }

            var (reader, _) = await QueryAsync(parameters, lookup, async, cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch (Exception exception) when (lookup.LastKnown is not null && ServeInstead(exception, lookup, runtime) is not null)
        {
            return Serve(lookup.LastKnown, lookup, parameters, ServeInstead(exception, lookup, runtime)!.Value);
        }
    }

    // Before its time was over the entry was as good as the database; after it, it is declared stale, and only within the caller's bound.
    private static CacheOutcome? ServeInstead(Exception exception, Lookup lookup, StateRuntime runtime)
        => !Unreachable.Is(exception) ? null
            : !lookup.MustLook && IsServable(lookup.LastKnown!, lookup, runtime) ? CacheOutcome.L1Hit
            : !lookup.Required.IsMet ? null
            : runtime.Time.GetUtcNow() - lookup.LastKnown!.CreatedAt <= lookup.Policy.FailSafe ? CacheOutcome.Stale
            : null;

    private async ValueTask<RelationalDataReader> LeadAsync(
        Flights.Flight flight, RelationalCommandParameterObject parameters, Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        CachedEntry? entry = null;
        var leaderLeft = false;
        var store = _session!.Runtime.Store;
        try
        {
            if (lookup.Refresh is null)
            {
                // A flight may have landed between the look and the take-off.
                var local = store.FindInL1(lookup.Key!);
                if (local is not null && IsServable(local, lookup, _session.Runtime))
                {
                    entry = local;
                    return Serve(entry, lookup, parameters, CacheOutcome.L1Hit);
                }

                // What this node has had in memory others may have had too, and all of them have heard of its end; and nodes that start together warm together.
                CachedEntry? shared;
                if ((local is not null || _session.WarmingPatience is not null) && UsesL2(lookup) && store.HasLeases)
                {
                    (shared, var lease) = await FindOrLeaseAsync(lookup, async, cancellationToken).ConfigureAwait(false);
                    lookup = lookup with { Lease = lease };
                }
                else
                {
                    shared = await FindInL2Async(lookup, async, cancellationToken).ConfigureAwait(false);
                }

                if (shared is not null)
                {
                    entry = shared;
                    store.Promote(lookup.Key!, shared, lookup.Policy.L1Ttl, lookup.Policy.Kept, lookup.Policy.TallyOf(_plan!, _session.Runtime.Statistics));
                    return Serve(shared, lookup, parameters, CacheOutcome.L2Hit);
                }
            }

            (var reader, entry) = await QueryAsync(parameters, lookup, async, cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch (OperationCanceledException)
        {
            leaderLeft = true;
            throw;
        }
        finally
        {
            flight.Land(entry, leaderLeft);
            if (lookup.Lease is { IsHandedOn: false } unused)
            {
                store.EndLease(unused);
            }
        }
    }

    private ValueTask<RelationalDataReader> ExecuteAsync(RelationalCommandParameterObject parameters, bool async, CancellationToken cancellationToken)
        => async ? new(base.ExecuteReaderAsync(parameters, cancellationToken)) : new(base.ExecuteReader(parameters));

    private async ValueTask<CachedEntry?> FindInL2Async(Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        var runtime = _session!.Runtime;
        if (!UsesL2(lookup))
        {
            return null;
        }

        var entry = async
            ? await runtime.Store.FindInL2Async(lookup.Key!, lookup.Log, cancellationToken).ConfigureAwait(false)
            : runtime.Store.FindInL2(lookup.Key!, lookup.Log);

        return Proven(entry, lookup, runtime);
    }

    private bool UsesL2(Lookup lookup) => _session!.Runtime.Store.HasL2 && lookup.Database.Ledger.Listening && lookup.Log is not null && _plan!.IsShareable;

    private CachedEntry? Proven(CachedEntry? entry, Lookup lookup, StateRuntime runtime)
    {
        // Sliding times count from this node's first use.
        entry?.Used(runtime.Time.GetUtcNow());
        return entry is not null && HasColumns(entry.Rows) && IsServable(entry, lookup, runtime) ? entry : null;
    }

    // Which type a column is read as may depend on plug-ins of the process that wrote it.
    private bool HasColumns(RowSet rows)
    {
        var wanted = _plan!.Columns;
        if (rows.Columns.Length != wanted.Length)
        {
            return false;
        }

        for (var i = 0; i < wanted.Length; i++)
        {
            if (rows.Columns[i].Kind != wanted[i])
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<(RelationalDataReader Reader, CachedEntry? Entry)> QueryAsync(
        RelationalCommandParameterObject parameters, Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        var session = _session!;
        var runtime = session.Runtime;
        var plan = _plan!;
        var policy = lookup.Policy;
        var ledger = lookup.Database.Ledger;
        var createdAt = runtime.Time.GetUtcNow();
        var beganAt = policy.MaxStaleness is null ? 0 : runtime.Time.GetTimestamp();

        // Both before the query: what is bumped from here on is newer than the rows.
        var stamp = ledger.Stamp();
        var position = ledger.Position;
        var preamble = runtime.Preambles.For(ledger.Listening);
        var live = await ExecuteLiveAsync(parameters, preamble, async, cancellationToken).ConfigureAwait(false);
        Capture capture;
        try
        {
            capture = await CaptureAsync(live, preamble, parameters, lookup.Claims, async, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync(live, async).ConfigureAwait(false);
            throw;
        }

        switch (capture.End)
        {
            case CaptureEnd.Complete:
            case CaptureEnd.Oversized:
                await DisposeAsync(live, async).ConfigureAwait(false);
                session.Missed(plan, policy, createdAt);
                var entry = new CachedEntry(capture.Rows!.Build(), capture.Snapshot, createdAt, policy.LongestTtl, stamp) { Tally = policy.TallyOf(plan, runtime.Statistics) };
                if (policy.MaxStaleness is not null)
                {
                    entry.SeenFresh(beganAt);
                }

                var rejected = WhyNotStored(capture, preamble, position);
                if (rejected is null)
                {
                    runtime.Store.StoreInL1(lookup.Key!, entry, policy.L1Ttl, policy.Kept);
                    runtime.Store.StoreInL2(lookup.Key!, entry, policy.L2Ttl, lookup.Log, lookup.Lease);
                    session.Stored(plan, policy, entry);
                    if (StateMetrics.CountsFencedFills && Check(entry, lookup, runtime) == Freshness.Stale)
                    {
                        StateMetrics.Fenced(runtime.ContextTag);
                    }

                    return (Serve(entry, lookup, parameters, CacheOutcome.Miss), entry);
                }

                session.Rejected(plan, policy, rejected);
                policy.TallyOf(plan, runtime.Statistics).Because(rejected);
                return (Serve(entry, lookup, parameters, CacheOutcome.Bypass), null);

            case CaptureEnd.TooLarge:
                session.Rejected(plan, policy, "too-large");
                session.Bypassed(plan, policy, "too-large");
                return (new SpilledRelationalDataReader(capture.Rows!.Build(), live), null);

            case CaptureEnd.Foreign:
                session.Bypassed(plan, policy, "foreign-result");
                return (live, null);

            default:
                // A value without a cached form: as if the query had not been marked.
                await DisposeAsync(live, async).ConfigureAwait(false);
                session.Rejected(plan, policy, "value");
                session.Bypassed(plan, policy, "value");
                return (await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false), null);
        }
    }

    // A snapshot older than what this node had applied before (a foreign transaction, a replica) proves nothing, and rows that were read
    // under another tenant's setting are not this key's.
    private static string? WhyNotStored(in Capture capture, Preamble? preamble, PgSnapshot? position)
        => capture.End == CaptureEnd.Oversized ? "too-large"
            : preamble is null ? null
            : !capture.ScopeAgrees ? "scope-mismatch"
            : !preamble.HasSnapshot ? null
            : capture.Snapshot is null ? "own-writes"
            : position is not null && !capture.Snapshot.Contains(position) ? "old-snapshot"
            : null;

    private async ValueTask<RelationalDataReader> ExecuteLiveAsync(
        RelationalCommandParameterObject p, Preamble? preamble, bool async, CancellationToken cancellationToken)
    {
        // The rows are collected here, so EF's own buffering, which would take the preamble for rows, is not asked for.
        var unbuffered = new RelationalCommandParameterObject(
            p.Connection, p.ParameterValues, readerColumns: null, p.Context, p.Logger, p.DetailedErrorsEnabled, p.CommandSource);
        _prefix = preamble?.Sql;
        try
        {
            return await ExecuteAsync(unbuffered, async, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _prefix = null;
        }
    }

    private static ValueTask DisposeAsync(RelationalDataReader reader, bool async)
    {
        if (async)
        {
            return reader.DisposeAsync();
        }

        reader.Dispose();
        return default;
    }

    private enum CaptureEnd
    {
        Complete,

        /// <summary>All rows are here, more than an entry may have.</summary>
        Oversized,

        /// <summary>The collected rows are the beginning, and the reader stands on the next one.</summary>
        TooLarge,
        Unreadable,
        Foreign,
    }

    private readonly record struct Capture(CaptureEnd End, RowSetBuilder? Rows, PgSnapshot? Snapshot, bool ScopeAgrees);
}
