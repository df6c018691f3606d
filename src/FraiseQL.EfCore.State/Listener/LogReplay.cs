using System.Globalization;
using FraiseQL.EfCore.State.EventLog;
using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>
/// Reads what the log has kept of a bounded past, so that a node which begins knows what happened to the entries that others have stored.
/// See decision 0320.
/// </summary>
internal static class LogReplay
{
    // A position after each page is enough for cells that many transactions have changed.
    private const int PageSize = 250;

    // In seconds: more than the answers that the listener waits for, as this is read once.
    private const int Timeout = 15;

    // From which transaction on nothing is missing: what was pruned, what is too old or too much, and what has changed of the schema, the triggers
    // or the log itself since. The last are told by the transactions that wrote the catalog's rows, of which only the lower half is kept.
    private const string BeginSql =
        """
        with last as materialized (
            select e.tx, e.at from fraiseql.change_event e order by e.tx desc, e.seq desc limit $1),
        capture as (
            select t.tgrelid, t.tgfoid, t.xmin as x from pg_catalog.pg_trigger t
            join pg_catalog.pg_proc p on p.oid = t.tgfoid where p.pronamespace = 'fraiseql'::regnamespace)
        select pg_current_snapshot()::text, r.pruned,
            (select max(l.tx::text::bigint) from last l where l.at < clock_timestamp() - $2),
            (select case when count(*) = $1 then min(l.tx::text::bigint) end from last l),
            array(
                select c.x::text from capture c
                union select p.xmin::text from pg_catalog.pg_proc p where p.pronamespace = 'fraiseql'::regnamespace
                union select c.xmin::text from pg_catalog.pg_class c
                    where c.oid in (select tgrelid from capture) or c.oid in ('fraiseql.change_event'::regclass, 'fraiseql.retention'::regclass)
                union select w.xmin::text from pg_catalog.pg_rewrite w
                union select y.xmin::text from pg_catalog.pg_policy y)
        from fraiseql.retention r
        """;

    private const string ChangesSql =
        $"""
        select {EventLogReader.ColumnsWithoutRows}
        from fraiseql.change_event e where e.tx >= $1 order by e.tx, e.seq
        """;

    /// <summary>Hands over the past. Answers how many changes that were.</summary>
    public static async Task<long> RunAsync(NpgsqlConnection connection, CdcOptions options, BroadcastFanOut consumers, CancellationToken cancellationToken)
    {
        // Without triggers only the application's own writes are in the log, and nothing tells since when they are.
        if (options.Replay <= TimeSpan.Zero || options.MaxReplayedEvents <= 0 || !options.Triggers)
        {
            return 0;
        }

        // One snapshot for the boundary and for the changes: nothing is pruned in between.
        var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        await using var _ = transaction.ConfigureAwait(false);
        if (await FindBeginningAsync(connection, options, cancellationToken).ConfigureAwait(false) is not { } first)
        {
            return 0;
        }

        var command = new NpgsqlCommand(ChangesSql, connection) { CommandTimeout = Timeout, Parameters = { new NpgsqlParameter<ulong> { TypedValue = first, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Xid8 } } };
        await using var disposeCommand = command.ConfigureAwait(false);
        var count = 0L;
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (row.ConfigureAwait(false))
        {
            var page = new List<ChangeRecord>(PageSize);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var change = EventLogReader.ReadChange(row);
                if (page.Count >= PageSize && page[^1].TransactionId != change.TransactionId)
                {
                    consumers.PastChanged(page, EndedBelow(change.TransactionId));
                    page.Clear();
                }

                page.Add(change);
                count++;
            }

            if (page.Count > 0)
            {
                consumers.PastChanged(page, EndedBelow(page[^1].TransactionId + 1));
            }
        }

        consumers.PastKnown(EndedBelow(first));
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return count;
    }

    // No snapshot that anybody has taken; one that contains it sees every transaction below.
    private static PgSnapshot EndedBelow(ulong transaction) => new(transaction, transaction, []);

    private static async Task<ulong?> FindBeginningAsync(NpgsqlConnection connection, CdcOptions options, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select to_regclass('fraiseql.retention') is not null", connection);
        await using (command.ConfigureAwait(false))
        {
            // A log of an early version does not say what is gone from it.
            if (!(bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                return null;
            }
        }

        command = new NpgsqlCommand(BeginSql, connection)
        {
            CommandTimeout = Timeout,
            Parameters = { new NpgsqlParameter<long> { TypedValue = options.MaxReplayedEvents + 1L }, new NpgsqlParameter<TimeSpan> { TypedValue = options.Replay } },
        };
        await using var _ = command.ConfigureAwait(false);
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = row.ConfigureAwait(false);
        if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var next = PgSnapshot.Parse(row.GetString(0)).Xmax;
        var first = row.GetFieldValue<ulong>(1);
        for (var i = 2; i <= 3; i++)
        {
            first = row.IsDBNull(i) ? first : Math.Max(first, (ulong)row.GetInt64(i) + 1);
        }

        foreach (var written in row.GetFieldValue<string[]>(4))
        {
            first = Math.Max(first, Whole(uint.Parse(written, CultureInfo.InvariantCulture), next) + 1);
        }

        return Math.Max(first, FirstNormal);
    }

    private const ulong FirstNormal = 3;

    /// <summary>The id whose lower half is <paramref name="low"/>, the last one below <paramref name="next"/>: never too small, as ids only grow.</summary>
    private static ulong Whole(uint low, ulong next)
    {
        // Rows of the server's own beginning.
        if (low < FirstNormal)
        {
            return 0;
        }

        var whole = (next & ~(ulong)uint.MaxValue) | low;
        return whole < next || whole <= uint.MaxValue ? whole : whole - (1UL << 32);
    }
}
