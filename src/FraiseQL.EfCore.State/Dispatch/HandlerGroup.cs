using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Setup;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>
/// The group's row in <c>fraiseql.consumer</c>: who runs the handlers, until when, and how far they are. Time is the database's, so that
/// the clocks of the nodes do not matter; each take-over raises the fence, and a write with an older fence changes nothing.
/// </summary>
/// <remarks>Thread-safe once the lease is taken. No transaction is open between its statements.</remarks>
internal sealed class HandlerGroup(SerialConnection connection, string name, string owner, StateRuntime runtime)
{
    private readonly TimeSpan _lease = runtime.Options.Cdc.HandlerLease;
    private long _fence;
    private long _heldSince;

    /// <summary>Whether the lease has not run out by this node's own reckoning: a node that slept must not go on as if nothing had been.</summary>
    public bool IsHeld => _fence > 0 && runtime.Time.GetElapsedTime(Interlocked.Read(ref _heldSince)) < _lease;

    /// <summary>Makes the group's row, at the current position, when it is not there.</summary>
    public Task EnsureAsync(LogState state, CancellationToken cancellationToken)
        => connection.FirstAsync(
            "insert into fraiseql.consumer (name, position, system_id) values ($1, $2::text::pg_snapshot, $3) on conflict (name) do nothing",
            [name, state.Snapshot.ToString(), state.Identity.Log], static _ => true, cancellationToken);

    /// <summary>Takes the lease when nobody else holds it.</summary>
    /// <returns>Where the group is, and the log that this refers to; <see langword="null"/> when another node holds the lease.</returns>
    public async Task<(LogPlace Place, string SystemId)?> TryTakeAsync(CancellationToken cancellationToken)
    {
        var startedAt = runtime.Time.GetTimestamp();
        var taken = await connection.FirstAsync(
            """
            update fraiseql.consumer
            set owner = $2, fence = fence + 1, lease_until = clock_timestamp() + $3, updated_at = clock_timestamp()
            where name = $1 and (owner is null or owner = $2 or lease_until is null or lease_until < clock_timestamp())
            returning position::text, window_end::text, seq, system_id, fence
            """,
            [name, owner, _lease],
            static row => ((LogPlace Place, string SystemId, long Fence)?)(
                new LogPlace(PgSnapshot.Parse(row.GetString(0)), row.IsDBNull(1) ? null : PgSnapshot.Parse(row.GetString(1)), row.GetInt64(2)),
                row.GetString(3), row.GetInt64(4)),
            cancellationToken).ConfigureAwait(false);
        if (taken is not { } held)
        {
            return null;
        }

        _fence = held.Fence;
        Interlocked.Exchange(ref _heldSince, startedAt);
        return (held.Place, held.SystemId);
    }

    /// <summary>Begins anew at the current position: the log is not the one that the position belonged to.</summary>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    public async Task<LogPlace> StartOverAsync(LogState state, CancellationToken cancellationToken)
    {
        var place = LogPlace.At(state.Snapshot);
        await WriteAsync(
            """
            update fraiseql.consumer set position = $3::text::pg_snapshot, window_end = null, seq = 0, system_id = $4, updated_at = clock_timestamp()
            where name = $1 and fence = $2
            returning 1
            """,
            [name, _fence, place.From.ToString(), state.Identity.Log], cancellationToken).ConfigureAwait(false);
        return place;
    }

    /// <summary>Keeps the place up to which everything is done, and prolongs the lease.</summary>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    public async Task CheckpointAsync(LogPlace place, CancellationToken cancellationToken)
    {
        var startedAt = runtime.Time.GetTimestamp();
        await WriteAsync(
            """
            update fraiseql.consumer
            set position = $3::text::pg_snapshot, window_end = $4::text::pg_snapshot, seq = $5,
                lease_until = clock_timestamp() + $6, updated_at = clock_timestamp()
            where name = $1 and fence = $2
            returning 1
            """,
            [name, _fence, place.From.ToString(), place.To?.ToString(), place.Seq, _lease], cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _heldSince, startedAt);
    }

    /// <summary>Keeps the place and lets another node take over at once.</summary>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    public Task ReleaseAsync(LogPlace place, CancellationToken cancellationToken)
        => WriteAsync(
            """
            update fraiseql.consumer
            set position = $3::text::pg_snapshot, window_end = $4::text::pg_snapshot, seq = $5, owner = null, lease_until = null,
                updated_at = clock_timestamp()
            where name = $1 and fence = $2
            returning 1
            """,
            [name, _fence, place.From.ToString(), place.To?.ToString(), place.Seq], cancellationToken);

    /// <summary>Puts an event aside that could not be handled.</summary>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    public Task ParkAsync(Delivery delivery, string error, CancellationToken cancellationToken)
        => WriteAsync(
            """
            with held as (select from fraiseql.consumer where name = $1 and fence = $2 for share),
                 parked as (insert into fraiseql.parked (consumer, entity, key, seq, tx, attempts, error)
                            select $1, $3, $4, $5, $6, $7, $8 from held on conflict do nothing)
            select 1 from held
            """,
            [.. Arguments(delivery), delivery.Attempts, error], cancellationToken);

    /// <summary>Puts an event aside when an earlier one of its entity still is.</summary>
    /// <returns>Whether it was put aside. If not, somebody has cleared the entity, and the event is to be handled.</returns>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    public async Task<bool> ParkBehindAsync(Delivery delivery, CancellationToken cancellationToken)
        => await connection.FirstAsync(
            """
            with held as (select from fraiseql.consumer where name = $1 and fence = $2 for share),
                 earlier as (select from fraiseql.parked where consumer = $1 and entity = $3 and key = $4 limit 1),
                 parked as (insert into fraiseql.parked (consumer, entity, key, seq, tx, attempts, error)
                            select $1, $3, $4, $5, $6, 0, $7 from held, earlier on conflict do nothing)
            select exists (select from earlier) from held
            """,
            [.. Arguments(delivery), StateStrings.ParkedBehind], static row => (bool?)row.GetBoolean(0), cancellationToken).ConfigureAwait(false)
            ?? throw new LeaseLostException();

    /// <summary>The entities that have parked events.</summary>
    public Task<List<(string Entity, string Key)>> ReadParkedAsync(CancellationToken cancellationToken)
        => connection.AllAsync(
            "select distinct entity, key from fraiseql.parked where consumer = $1", [name],
            static row => (row.GetString(0), row.GetString(1)), cancellationToken);

    private object?[] Arguments(Delivery delivery)
        => [name, _fence, delivery.EntityKey.Entity, delivery.EntityKey.Key, delivery.Record.Change.Seq, delivery.Record.Change.TransactionId];

    private async Task WriteAsync(string sql, object?[] arguments, CancellationToken cancellationToken)
    {
        if (!await connection.FirstAsync(sql, arguments, static _ => true, cancellationToken).ConfigureAwait(false))
        {
            throw new LeaseLostException();
        }
    }
}
