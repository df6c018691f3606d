using FraiseQL.EfCore.State.EventLog;
using Npgsql;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The group's rows in <c>fraiseql.parked</c>.</summary>
internal sealed partial class HandlerGroup
{
    public async Task<bool> ParkAsync(Delivery delivery, string error, CancellationToken cancellationToken)
    {
        await WriteAsync(
            """
            with held as (select from fraiseql.consumer where name = $1 and fence = $2 for share),
                 parked as (insert into fraiseql.parked (consumer, entity, key, seq, tx, attempts, error, event)
                            select $1, $3, $4, $5, $6, $7, $8, (select row_to_json(e) from fraiseql.change_event e where e.tx = $6 and e.seq = $5)
                            from held on conflict do nothing)
            select 1 from held
            """,
            [.. Arguments(delivery), delivery.Attempts, error], cancellationToken).ConfigureAwait(false);
        return true;
    }

    public async Task<bool> ParkBehindAsync(Delivery delivery, CancellationToken cancellationToken)
        => await connection.FirstAsync(
            """
            with held as (select from fraiseql.consumer where name = $1 and fence = $2 for share),
                 earlier as (select from fraiseql.parked where consumer = $1 and entity = $3 and key = $4 limit 1),
                 parked as (insert into fraiseql.parked (consumer, entity, key, seq, tx, attempts, error, event)
                            select $1, $3, $4, $5, $6, 0, $7, (select row_to_json(e) from fraiseql.change_event e where e.tx = $6 and e.seq = $5)
                            from held, earlier on conflict do nothing)
            select exists (select from earlier) from held
            """,
            [.. Arguments(delivery), StateStrings.ParkedBehind], static row => (bool?)row.GetBoolean(0), cancellationToken).ConfigureAwait(false)
            ?? throw new LeaseLostException();

    public Task<List<(string Entity, string Key)>> ReadParkedAsync(CancellationToken cancellationToken)
        => connection.AllAsync(
            "select distinct entity, key from fraiseql.parked where consumer = $1", [name],
            static row => (row.GetString(0), row.GetString(1)), cancellationToken);

    public Task<List<(string Entity, string Key)>> ReadRetriesAsync(CancellationToken cancellationToken)
        => connection.AllAsync(
            "select distinct entity, key from fraiseql.parked where consumer = $1 and retry_at is not null", [name],
            static row => (row.GetString(0), row.GetString(1)), cancellationToken);

    public Task<ParkedEvent?> ReadFirstParkedAsync((string Entity, string Key) entity, CancellationToken cancellationToken)
        => connection.FirstAsync(
            $"""
            select {EventLogReader.Columns}, p.attempts, p.retry_at is not null
            from (select * from fraiseql.parked where consumer = $1 and entity = $2 and key = $3 order by seq limit 1) p,
                 lateral json_populate_record(null::fraiseql.change_event, p.event) e
            """,
            [name, entity.Entity, entity.Key], static row => (ParkedEvent?)Read(row), cancellationToken);

    public Task UnparkAsync(ParkedEvent parked, CancellationToken cancellationToken)
        => WriteAsync(
            """
            with held as (select from fraiseql.consumer where name = $1 and fence = $2 for share),
                 gone as (delete from fraiseql.parked p using held where p.consumer = $1 and p.seq = $3)
            select 1 from held
            """,
            [name, _fence, parked.Change.Seq], cancellationToken);

    public Task ParkAgainAsync(ParkedEvent parked, int attempts, string error, CancellationToken cancellationToken)
        => WriteAsync(
            """
            with held as (select from fraiseql.consumer where name = $1 and fence = $2 for share),
                 failed as (update fraiseql.parked p set attempts = $4, error = $5, retry_at = null
                            from held where p.consumer = $1 and p.seq = $3 returning p.entity, p.key),
                 waiting as (update fraiseql.parked p set retry_at = null from failed f
                             where p.consumer = $1 and p.entity = f.entity and p.key = f.key and p.seq <> $3)
            select 1 from held
            """,
            [name, _fence, parked.Change.Seq, attempts, error], cancellationToken);

    private static ParkedEvent Read(NpgsqlDataReader row)
        => new(EventLogReader.ReadChange(row), row.GetInt32(row.FieldCount - 2), row.GetBoolean(row.FieldCount - 1));

    private object?[] Arguments(Delivery delivery)
        => [name, _fence, delivery.EntityKey.Entity, delivery.EntityKey.Key, delivery.Record.Change.Seq, delivery.Record.Change.TransactionId];
}
