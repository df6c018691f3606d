using System.Data.Common;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>The miss: one query for all who wait, the shared level before the database, and the proof that goes into the entry.</summary>
internal sealed partial class CachingRelationalCommand
{
    private const string SnapshotColumn = "fraiseql_snapshot";

    // Sent before the query in the same round trip. Under READ COMMITTED each statement has a snapshot of its own, and the later one
    // contains the earlier: what this one sees, the rows reflect. Rows read after a write of the same transaction are not ours to share.
    private const string SnapshotQuery =
        "SELECT CASE WHEN pg_catalog.pg_current_xact_id_if_assigned() IS NULL THEN pg_catalog.pg_current_snapshot()::pg_catalog.text END AS "
        + SnapshotColumn + ";\n";

    private const int MostJoins = 3;

    private async ValueTask<RelationalDataReader> FillAsync(
        RelationalCommandParameterObject parameters, Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        var runtime = _session!.Runtime;
        var key = lookup.Key!;
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
                return Serve(entry, lookup, parameters.Connection, CacheOutcome.L1Hit);
            }

            if (landed.Entry is null && !landed.LeaderLeft)
            {
                break;
            }
        }

        var (reader, _) = await QueryAsync(parameters, lookup, async, cancellationToken).ConfigureAwait(false);
        return reader;
    }

    private async ValueTask<RelationalDataReader> LeadAsync(
        Flights.Flight flight, RelationalCommandParameterObject parameters, Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        CachedEntry? entry = null;
        var leaderLeft = false;
        try
        {
            var store = _session!.Runtime.Store;

            // A flight may have landed between the look and the take-off.
            if (store.FindInL1(lookup.Key!) is { } local && IsServable(local, lookup, _session.Runtime))
            {
                entry = local;
                return Serve(entry, lookup, parameters.Connection, CacheOutcome.L1Hit);
            }

            if (await FindInL2Async(lookup, async, cancellationToken).ConfigureAwait(false) is { } shared)
            {
                entry = shared;
                store.StoreInL1(lookup.Key!, shared);
                return Serve(shared, lookup, parameters.Connection, CacheOutcome.L2Hit);
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
        }
    }

    private async ValueTask<CachedEntry?> FindInL2Async(Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        var runtime = _session!.Runtime;
        if (!runtime.Store.HasL2 || !lookup.Database.Ledger.Listening || !_plan!.IsShareable)
        {
            return null;
        }

        var entry = async
            ? await runtime.Store.FindInL2Async(lookup.Key!, cancellationToken).ConfigureAwait(false)
            : runtime.Store.FindInL2(lookup.Key!);
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
        var ledger = lookup.Database.Ledger;
        var createdAt = _session!.Runtime.Time.GetUtcNow();

        // Both before the query: what is bumped from here on is newer than the rows.
        var stamp = ledger.Stamp();
        var position = ledger.Position;
        var withSnapshot = ledger.Listening;
        var live = await ExecuteLiveAsync(parameters, withSnapshot, async, cancellationToken).ConfigureAwait(false);
        Capture capture;
        try
        {
            capture = await CaptureAsync(live, withSnapshot, async, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync(live, async).ConfigureAwait(false);
            throw;
        }

        switch (capture.End)
        {
            case CaptureEnd.Complete:
                await DisposeAsync(live, async).ConfigureAwait(false);
                var rows = capture.Rows!.Build();
                var snapshot = capture.Snapshot;
                var entry = new CachedEntry(rows, snapshot, createdAt, lookup.Policy.LongestTtl, stamp);

                // A snapshot older than what this node had applied before (a foreign transaction, a replica) proves nothing.
                if (!withSnapshot || (snapshot is not null && (position is null || snapshot.Contains(position))))
                {
                    _session.Runtime.Store.StoreInL1(lookup.Key!, entry);
                    _session.Runtime.Store.StoreInL2(lookup.Key!, entry);
                    return (Serve(entry, lookup, parameters.Connection, CacheOutcome.Miss), entry);
                }

                return (Serve(entry, lookup, parameters.Connection, CacheOutcome.Bypass), null);

            case CaptureEnd.TooLarge when parameters.ReaderColumns is null:
                _session.Bypassed(_plan!, "too-large");
                return (new SpilledRelationalDataReader(capture.Rows!.Build(), live), null);

            case CaptureEnd.Foreign:
                _session.Bypassed(_plan!, "foreign-result");
                return (live, null);

            default:
                // A value without a cached form, or a buffered read that is too large: as if the query had not been marked.
                await DisposeAsync(live, async).ConfigureAwait(false);
                _session.Bypassed(_plan!, capture.End == CaptureEnd.TooLarge ? "too-large" : "value");
                return (async
                    ? await base.ExecuteReaderAsync(parameters, cancellationToken).ConfigureAwait(false)
                    : base.ExecuteReader(parameters), null);
        }
    }

    private async ValueTask<RelationalDataReader> ExecuteLiveAsync(
        RelationalCommandParameterObject p, bool withSnapshot, bool async, CancellationToken cancellationToken)
    {
        // The rows are collected here, so EF's own buffering, which would take the snapshot for rows, is not asked for.
        var unbuffered = new RelationalCommandParameterObject(
            p.Connection, p.ParameterValues, readerColumns: null, p.Context, p.Logger, p.DetailedErrorsEnabled, p.CommandSource);
        _askForSnapshot = withSnapshot;
        try
        {
            return async
                ? await base.ExecuteReaderAsync(unbuffered, cancellationToken).ConfigureAwait(false)
                : base.ExecuteReader(unbuffered);
        }
        finally
        {
            _askForSnapshot = false;
        }
    }

    private async ValueTask<Capture> CaptureAsync(RelationalDataReader live, bool withSnapshot, bool async, CancellationToken cancellationToken)
    {
        var reader = live.DbDataReader;
        PgSnapshot? snapshot = null;
        if (withSnapshot)
        {
            // An interceptor that answers itself does not answer this.
            if (reader.FieldCount != 1 || reader.GetName(0) != SnapshotColumn)
            {
                return new Capture(CaptureEnd.Foreign, null, null);
            }

            if (async ? await reader.ReadAsync(cancellationToken).ConfigureAwait(false) : reader.Read())
            {
                snapshot = reader.IsDBNull(0) || !PgSnapshot.TryParse(reader.GetString(0), out var parsed) ? null : parsed;
            }

            if (!(async ? await reader.NextResultAsync(cancellationToken).ConfigureAwait(false) : reader.NextResult()))
            {
                return new Capture(CaptureEnd.Foreign, null, null);
            }
        }

        var limits = _session!.Runtime.Options.Cache;
        var plan = _plan!;
        if (reader.FieldCount < plan.Columns.Length)
        {
            return new Capture(CaptureEnd.Foreign, null, null);
        }

        var rows = new RowSetBuilder(plan.Columns, reader, plan.LastShape);
        while (async ? await live.ReadAsync(cancellationToken).ConfigureAwait(false) : live.Read())
        {
            if (rows.RowCount >= limits.MaxRows || rows.Bytes > limits.MaxEntryBytes)
            {
                return new Capture(CaptureEnd.TooLarge, rows, snapshot);
            }

            try
            {
                rows.Append(reader);
            }
#pragma warning disable CA1031 // Reading a value in a way that the query would not must never fail the query.
            catch (Exception exception) when (exception is not DbException and not IOException and not OperationCanceledException and not TimeoutException)
#pragma warning restore CA1031
            {
                return new Capture(CaptureEnd.Unreadable, null, null);
            }
        }

        plan.LastShape = rows.Shape;
        return new Capture(CaptureEnd.Complete, rows, snapshot);
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
        TooLarge,
        Unreadable,
        Foreign,
    }

    private readonly record struct Capture(CaptureEnd End, RowSetBuilder? Rows, PgSnapshot? Snapshot);
}
