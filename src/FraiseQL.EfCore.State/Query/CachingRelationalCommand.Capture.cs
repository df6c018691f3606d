using System.Data.Common;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>The rows of a miss, as they are kept.</summary>
internal sealed partial class CachingRelationalCommand
{
    private async ValueTask<Capture> CaptureAsync(
        RelationalDataReader live,
        Preamble? preamble,
        RelationalCommandParameterObject parameters,
        string?[] claims,
        bool async,
        CancellationToken cancellationToken)
    {
        var reader = live.DbDataReader;
        PgSnapshot? snapshot = null;
        var scopeAgrees = true;
        if (preamble is not null)
        {
            // An interceptor that answers itself does not answer this.
            if (!preamble.IsAnsweredBy(reader))
            {
                return new Capture(CaptureEnd.Foreign, null, null, false);
            }

            if (async ? await reader.ReadAsync(cancellationToken).ConfigureAwait(false) : reader.Read())
            {
                snapshot = preamble.SnapshotOf(reader);
                scopeAgrees = preamble.ScopeAgrees(reader, claims);
            }

            if (!(async ? await reader.NextResultAsync(cancellationToken).ConfigureAwait(false) : reader.NextResult()))
            {
                return new Capture(CaptureEnd.Foreign, null, null, false);
            }
        }

        var limits = _session!.Runtime.Options.Cache;
        var plan = _plan!;
        if (reader.FieldCount < plan.Columns.Length)
        {
            return new Capture(CaptureEnd.Foreign, null, null, false);
        }

        var ordinals = plan.Names is { } wanted ? OrdinalsOf(reader, wanted) : null;
        if (plan.Names is not null && ordinals is null)
        {
            return new Capture(CaptureEnd.Unreadable, null, null, false);
        }

        var rows = new RowSetBuilder(plan.Columns, reader, plan.LastShape, plan.Names, ordinals);
        var end = CaptureEnd.Complete;
        while (async ? await live.ReadAsync(cancellationToken).ConfigureAwait(false) : live.Read())
        {
            if (end == CaptureEnd.Complete && (rows.RowCount >= limits.MaxRows || rows.Bytes > limits.MaxEntryBytes))
            {
                // EF wants it whole in memory (split queries, retrying strategies), so there is nothing to stream.
                end = CaptureEnd.Oversized;
                if (parameters.ReaderColumns is null)
                {
                    return new Capture(CaptureEnd.TooLarge, rows, snapshot, scopeAgrees);
                }
            }

            try
            {
                rows.Append(reader);
            }
#pragma warning disable CA1031 // Reading a value in a way that the query would not must never fail the query.
            catch (Exception exception) when (exception is not DbException and not IOException and not OperationCanceledException and not TimeoutException)
#pragma warning restore CA1031
            {
                return new Capture(CaptureEnd.Unreadable, null, null, false);
            }
        }

        plan.LastShape = rows.Shape;
        return new Capture(end, rows, snapshot, scopeAgrees);
    }

    public static int[]? OrdinalsOf(DbDataReader reader, string[] names)
    {
        var ordinals = new int[names.Length];
        Array.Fill(ordinals, -1);
        for (var i = 0; i < names.Length; i++)
        {
            for (var at = 0; at < reader.FieldCount && ordinals[i] < 0; at++)
            {
                ordinals[i] = string.Equals(reader.GetName(at), names[i], StringComparison.OrdinalIgnoreCase) ? at : -1;
            }

            if (ordinals[i] < 0)
            {
                return null;
            }
        }

        return ordinals;
    }
}
