using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>A command of a split query: the root opens an entry or begins one, the children answer from it or add to it.</summary>
internal sealed partial class CachingRelationalCommand
{
    // After the query, in the same round trip: it contains what the rows saw.
    private const string SnapshotAfter = ";\nSELECT pg_catalog.pg_current_snapshot()::pg_catalog.text";

    private async Task<RelationalDataReader> ExecuteSplitAsync(
        RelationalCommandParameterObject parameters, bool async, CancellationToken cancellationToken)
    {
        var plan = _plan!;
        var values = parameters.ParameterValues!;
        if (SplitRun.Find(values, plan) is not { } run)
        {
            return await BeginSplitAsync(parameters, SplitRun.Begin(values, plan), async, cancellationToken).ConfigureAwait(false);
        }

        if (run.Lookup is not { } lookup)
        {
            return await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false);
        }

        if (run.Find(plan) is { } rows && HasColumns(rows))
        {
            var reader = new CachedRelationalDataReader();
            reader.Open(rows, parameters.Connection);
            return reader;
        }

        return await ReadChildAsync(parameters, run, lookup, async, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<RelationalDataReader> BeginSplitAsync(
        RelationalCommandParameterObject parameters, SplitRun run, bool async, CancellationToken cancellationToken)
    {
        var session = SessionOf(parameters);
        var runtime = session.Runtime;
        _filledFrom = TimeProvider.System.GetTimestamp();
        if (!TryFindPlace(parameters, out var lookup))
        {
            return await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false);
        }

        session.Observer?.Places?.Add(lookup);
        if (IsSilent(lookup))
        {
            session.Bypassed(_plan!, lookup.Policy, "silent");
            return await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false);
        }

        if (lookup.MustLook || !lookup.Required.IsMet)
        {
            if (await LookAtLogAsync(lookup, async, cancellationToken).ConfigureAwait(false))
            {
                lookup = lookup with { Required = session.RequirementOn(lookup.Database) };
            }
            else if (lookup.MustLook)
            {
                session.Bypassed(_plan!, lookup.Policy, "unverified");
                return await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false);
            }
        }

        var ledger = lookup.Database.Ledger;
        var createdAt = runtime.Time.GetUtcNow();
        var stamp = ledger.Stamp();
        var position = ledger.Position;
        if (runtime.Store.FindInL1(lookup.Key!) is { } local)
        {
            if (IsServable(local, lookup))
            {
                return AnswerRoot(local, CacheOutcome.L1Hit);
            }

            NoteEnd(local, lookup);
        }

        if (await FindInL2Async(lookup, async, cancellationToken).ConfigureAwait(false) is { } shared && IsServable(shared, lookup))
        {
            runtime.Store.Promote(lookup.Key!, shared, lookup.Policy.L1Ttl, lookup.Policy.L1Ttl, lookup.Policy.TallyOf(_plan!, runtime.Statistics));
            return AnswerRoot(shared, CacheOutcome.L2Hit);
        }

        // No flight: whoever waited for another's enumeration would wait for what its owner does between two rows. The connection is kept
        // for the children, as EF keeps it.
        _ = async
            ? await parameters.Connection.OpenAsync(cancellationToken).ConfigureAwait(false)
            : parameters.Connection.Open();
        RelationalDataReader? reader = null;
        Capture capture;
        var kept = false;
        try
        {
            (reader, capture, _) = await ReadPartAsync(parameters, lookup, after: false, async, cancellationToken).ConfigureAwait(false);
            kept = reader is null;
        }
        finally
        {
            if (!kept)
            {
                // A reader that is handed out has opened it for itself.
                _ = async ? await parameters.Connection.CloseAsync().ConfigureAwait(false) : parameters.Connection.Close();
            }
        }

        if (reader is not null)
        {
            session.Bypassed(_plan!, lookup.Policy, "value");
            return reader;
        }

        var rows = capture.Rows!.Build();
        var rejected = WhyNotStored(capture, runtime.Preambles.For(listening: true), position);
        session.Missed(_plan!, lookup.Policy, createdAt);
        session.Served(_plan!, lookup.Policy, rejected is null ? CacheOutcome.Miss : CacheOutcome.Bypass);
        Took(lookup.Policy, rejected is null ? CacheOutcome.Miss : CacheOutcome.Bypass);
        if (rejected is null)
        {
            run.Fills(lookup, capture.Rows, rows, session, capture.Snapshot!, createdAt, stamp);
        }
        else
        {
            session.Rejected(_plan!, lookup.Policy, rejected);
            lookup.Policy.TallyOf(_plan!, runtime.Statistics).Because(rejected);
        }

        return new SplitRootReader(rows, parameters.Connection, run, holdsConnection: true);

        SplitRootReader AnswerRoot(CachedEntry entry, CacheOutcome outcome)
        {
            session.Served(_plan!, lookup.Policy, outcome);
            Took(lookup.Policy, outcome);
            run.Answers(lookup, entry, session, stamp);
            return new SplitRootReader(entry.Rows, parameters.Connection, run, holdsConnection: false);
        }
    }

    // A child that the entry lacks: another query may have the same root.
    private async ValueTask<RelationalDataReader> ReadChildAsync(
        RelationalCommandParameterObject parameters, SplitRun run, Lookup root, bool async, CancellationToken cancellationToken)
    {
        var session = SessionOf(parameters);
        var plan = _plan!;
        var database = session.DatabaseOf(parameters.Connection);
        var policy = plan.PolicyOf(session.Runtime.Options, parameters.Context!, parameters.ParameterValues!, session.CacheAllTtl, database.Catalog);
        if (run.IsHit)
        {
            session.Served(plan, policy, CacheOutcome.Miss);
        }

        if (session.WhyBypass(parameters.Connection, database, plan, policy) is { } reason)
        {
            run.GiveUp();
            session.Bypassed(plan, policy, reason);
            return await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false);
        }

        var (reader, capture, seen) = await ReadPartAsync(parameters, root, after: true, async, cancellationToken).ConfigureAwait(false);
        if (reader is not null)
        {
            run.GiveUp();
            session.Bypassed(plan, policy, "value");
            return reader;
        }

        var rows = capture.Rows!.Build();
        var limits = session.Runtime.Options.Cache;
        if (capture.End == CaptureEnd.Oversized || seen is null || !capture.ScopeAgrees || run.RowCount + rows.RowCount > limits.MaxRows || run.Bytes + capture.Rows.Bytes > limits.MaxEntryBytes)
        {
            run.GiveUp();
        }
        else
        {
            run.Add(plan, policy, plan.CreateKey([], 0, policy, parameters.ParameterValues!), capture.Rows, rows, seen);
        }

        var answer = new CachedRelationalDataReader();
        answer.Open(rows, parameters.Connection);
        return answer;
    }

    /// <summary>Reads all rows of this command; a reader is the answer when they could not be kept.</summary>
    private async ValueTask<(RelationalDataReader? Reader, Capture Capture, PgSnapshot? Seen)> ReadPartAsync(
        RelationalCommandParameterObject parameters, Lookup root, bool after, bool async, CancellationToken cancellationToken)
    {
        var preamble = _session!.Runtime.Preambles.For(listening: true);
        _suffix = after ? SnapshotAfter : null;
        PgSnapshot? seen = null;
        Capture capture;
        RelationalDataReader live;
        try
        {
            live = await ExecuteLiveAsync(parameters, preamble, async, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _suffix = null;
        }

        try
        {
            capture = await CaptureAsync(live, preamble, parameters, root.Claims, async, cancellationToken).ConfigureAwait(false);
            if (after && capture.End is CaptureEnd.Complete)
            {
                var rest = live.DbDataReader;
                if (async
                    ? await rest.NextResultAsync(cancellationToken).ConfigureAwait(false) && await rest.ReadAsync(cancellationToken).ConfigureAwait(false)
                    : rest.NextResult() && rest.Read())
                {
                    seen = PgSnapshot.TryParse(rest.GetString(0), out var parsed) ? parsed : null;
                }
            }
        }
        catch
        {
            await DisposeAsync(live, async).ConfigureAwait(false);
            throw;
        }

        if (capture.End == CaptureEnd.Foreign)
        {
            return (live, capture, null);
        }

        await DisposeAsync(live, async).ConfigureAwait(false);
        return capture.End is CaptureEnd.Complete or CaptureEnd.Oversized
            ? (null, capture, seen)
            : (await ExecuteAsync(parameters, async, cancellationToken).ConfigureAwait(false), capture, null);
    }

    private bool IsServable(CachedEntry entry, Lookup lookup)
    {
        var ledger = lookup.Database.Ledger;
        return entry.Bundle is { } bundle
            && HasColumns(entry.Rows)
            && (!ledger.Listening
                || (ledger.Captured?.IsSupersetOf(bundle.Relations) == true && (bundle.Seen is null || ledger.Position?.Contains(bundle.Seen) == true)))

            // After the position, so that everything which that position has is among what the cells are asked for.
            && IsServable(entry, lookup, _session!.Runtime);
    }
}
