using System.Data;
using Npgsql;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.EventLog;

/// <summary>
/// Reads the event log without gaps. A position is a snapshot; the next window is what is visible now and was not visible then, in the
/// order of <c>seq</c>. So a transaction that commits late is delivered late, never lost, and one that stays open holds nobody up.
/// </summary>
/// <remarks>
/// For one row the order holds because its writers queue for the row's lock: the later one commits later and has the larger
/// <c>seq</c>. It would not hold by transaction id, which is given out at a transaction's first write.
/// Not thread-safe: it owns prepared commands of one connection, which it does not dispose.
/// </remarks>
internal sealed class EventLogReader : IAsyncDisposable
{
    /// <summary>The channel that says, without a payload, that the log has grown.</summary>
    public const string Channel = "fraiseql_events";

    /// <summary>What <see cref="ReadChange"/> reads, of a row of the log named e.</summary>
    internal const string Columns =
        """
        e.seq, null::text, e.tx, e.at, e.entity, e.relation, e.op::text,
        e.key::text, e.before::text, e.after::text, e.data::text, e.ctx::text, e.cols, e.old::text
        """;

    // What caches need: which rows and which of their columns, and what is said of them that is no row of a table (the refresh of a view, a call to invalidate).
    internal const string ColumnsWithoutRows =
        """
        e.seq, null::text, e.tx, e.at, e.entity, e.relation, e.op::text,
        null::text, e.before::text, e.after::text, case when e.op in ('T', 'X') then e.data::text end, null::text, e.cols, null::text
        """;

    // The same, and what the writers say of themselves.
    private const string ColumnsWithContext =
        """
        e.seq, null::text, e.tx, e.at, e.entity, e.relation, e.op::text,
        null::text, e.before::text, e.after::text, case when e.op in ('T', 'X') then e.data::text end, e.ctx::text, e.cols, null::text
        """;

    internal const string Sql = SqlStart + Columns + SqlEnd;

    // The marker row carries the snapshot of the very statement that reads the changes, also when there are none.
    private const string SqlStart =
        """
        select -1::bigint, coalesce($4::text::pg_snapshot, pg_current_snapshot())::text,
               null::xid8, null::timestamptz, null::text, null::text, null::text, null::text, null::text, null::text, null::text, null::text, null::text[], null::text
        union all
        select * from (
            select 
        """;

    private const string SqlEnd =
        """

            from fraiseql.change_event e
            where (e.tx >= $1 or e.tx = any($2))
              and e.seq > $3
              and pg_visible_in_snapshot(e.tx, coalesce($4::text::pg_snapshot, pg_current_snapshot()))
            order by e.seq
            limit $5) changes
        order by 1
        """;

    private readonly NpgsqlCommand _command;
    private readonly NpgsqlCommand _withoutRows;
    private readonly int _batchSize;
    private readonly NpgsqlCommand _withContext;

    /// <param name="connection">The connection, which stays the caller's.</param>
    /// <param name="batchSize">How many changes are held in memory at once while a window is streamed.</param>
    public EventLogReader(NpgsqlConnection connection, int batchSize = 5_000)
    {
        _batchSize = batchSize;
        _command = Create(Sql, connection);
        _withoutRows = Create(SqlStart + ColumnsWithoutRows + SqlEnd, connection);
        _withContext = Create(SqlStart + ColumnsWithContext + SqlEnd, connection);
    }

    /// <summary>
    /// Makes the session read the log by its key, whatever the statistics say: a poll runs many times a second and must cost
    /// the same on a log of ten rows and of ten million.
    /// </summary>
    public const string SessionSettings = "set enable_seqscan = off; set plan_cache_mode = force_generic_plan; set jit = off;";

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await _command.PrepareAsync(cancellationToken).ConfigureAwait(false);
        await _withoutRows.PrepareAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Hands over everything after <paramref name="from"/>, a batch of changes at a time, from one statement: memory stays
    /// flat however long the backlog is. Each part comes with the window's end, so that a stream that broke is resumed after its last part.
    /// </summary>
    /// <param name="from">The position.</param>
    /// <param name="to">The end of a window that was begun before.</param>
    /// <param name="afterSeq">What of that window is done.</param>
    /// <param name="withRows">Whether the changes come with the rows themselves; without, they have what caches need, in half of the time.</param>
    /// <param name="handOver">Takes a part.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="withContext">Whether changes without rows come with their writers' context.</param>
    /// <returns>The end of the window, which is the new position, and how many changes there were.</returns>
    public async Task<(PgSnapshot To, long Count)> StreamAsync(
        PgSnapshot from, PgSnapshot? to, long afterSeq, bool withRows, Action<PgSnapshot, IReadOnlyList<ChangeRecord>> handOver,
        CancellationToken cancellationToken, bool withContext = false)
    {
        var command = withRows ? _command : withContext ? _withContext : _withoutRows;
        if (withContext && !command.IsPrepared)
        {
            await command.PrepareAsync(cancellationToken).ConfigureAwait(false);
        }

        Bind(command, from, to, afterSeq, limit: null);
        var reader = await command.ExecuteReaderAsync(CommandBehavior.Default, cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);

        var end = await ReadMarkerAsync(reader, cancellationToken).ConfigureAwait(false);
        var page = new List<ChangeRecord>();
        var count = 0L;
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            page.Add(ReadChange(reader));
            count++;
            if (page.Count == _batchSize)
            {
                handOver(end, page);
                page = [];
            }
        }

        if (page.Count > 0)
        {
            handOver(end, page);
        }

        return (end, count);
    }

    /// <summary>
    /// Reads one part of the window after <paramref name="from"/>. The first part fixes the window's end; the next ones pass it on as
    /// <paramref name="to"/> with the last <c>seq</c> they have. The three together are a checkpoint within a window.
    /// </summary>
    public async Task<LogPage> ReadPageAsync(PgSnapshot from, PgSnapshot? to, long afterSeq, int limit, CancellationToken cancellationToken)
    {
        Bind(_command, from, to, afterSeq, limit);
        var reader = await _command.ExecuteReaderAsync(CommandBehavior.Default, cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);

        var end = await ReadMarkerAsync(reader, cancellationToken).ConfigureAwait(false);
        var changes = new List<ChangeRecord>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            changes.Add(ReadChange(reader));
        }

        return new LogPage(end, changes, changes.Count < limit);
    }

    public async ValueTask DisposeAsync()
    {
        await _command.DisposeAsync().ConfigureAwait(false);
        await _withoutRows.DisposeAsync().ConfigureAwait(false);
        await _withContext.DisposeAsync().ConfigureAwait(false);
    }

    private static NpgsqlCommand Create(string sql, NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Xid8 });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Xid8 });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint });
        return command;
    }

    private static void Bind(NpgsqlCommand command, PgSnapshot from, PgSnapshot? to, long afterSeq, int? limit)
    {
        var parameters = command.Parameters;
        parameters[0].Value = from.Xmax;
        parameters[1].Value = from.InProgress.ToArray();
        parameters[2].Value = afterSeq;
        parameters[3].Value = (object?)to?.ToString() ?? DBNull.Value;
        parameters[4].Value = (object?)(long?)limit ?? DBNull.Value;
    }

    private static async Task<PgSnapshot> ReadMarkerAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return PgSnapshot.Parse(reader.GetString(1));
    }

    internal static ChangeRecord ReadChange(NpgsqlDataReader row)
        => new(
            row.GetInt64(0),
            row.GetFieldValue<ulong>(2),
            row.GetFieldValue<DateTimeOffset>(3),
            row.GetString(4),
            row.GetString(5),
            row.GetString(6) switch
            {
                "I" => ChangeKind.Created,
                "U" => ChangeKind.Updated,
                "D" => ChangeKind.Deleted,
                "T" => ChangeKind.Truncated,
                // A kind of a later version: something happened to the row, and that much must be said.
                _ => ChangeKind.Updated,
            },
            TextOrNull(row, 7),
            TextOrNull(row, 8),
            TextOrNull(row, 9),
            TextOrNull(row, 10),
            TextOrNull(row, 11),
            row.IsDBNull(12) ? null : row.GetFieldValue<string[]>(12),
            TextOrNull(row, 13));

    private static string? TextOrNull(NpgsqlDataReader row, int ordinal) => row.IsDBNull(ordinal) ? null : row.GetString(ordinal);
}
