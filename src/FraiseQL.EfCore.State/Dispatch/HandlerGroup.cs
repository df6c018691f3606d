using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Setup;
using Npgsql;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>
/// The group's row in <c>fraiseql.consumer</c>: who runs the handlers, until when, and how far they are. Time is the database's, so that
/// the clocks of the nodes do not matter; each take-over raises the fence, and a write with an older fence changes nothing.
/// </summary>
/// <remarks>Thread-safe once the lease is taken. No transaction is open between its statements.</remarks>
internal sealed partial class HandlerGroup(SerialConnection connection, string name, string owner, StateRuntime runtime) : IHandlerGroup
{
    /// <summary>Of the group named $1: the first number of the lock under which its handlers' transactions are; the second is the fence.</summary>
    public const string LockOfGroup = "hashtext('fraiseql:' || $1)";

    /// <summary>A fence is a bigint, and the second number of a lock is not: it counts up to here, and then anew.</summary>
    public const string LockFences = "2147483647";

    // A node that is paused in the middle of a handler keeps its locks for as long as its connection lives. Whoever replaces it would wait for them.
    private const string EvictSql =
        $"""
        select count(pg_terminate_backend(pid)) from pg_locks
        where locktype = 'advisory' and objsubid = 2 and granted and pid <> pg_backend_pid()
          and database = (select oid from pg_database where datname = current_database())
          and classid::bigint = ({LockOfGroup}::bigint & 4294967295) and objid::bigint <> $2 % {LockFences}
        """;

    // A handled event keeps its note until no delivery of it can come any more, and a while longer than a node can be late.
    private const string PruneSql =
        """
        delete from fraiseql.inbox i using fraiseql.consumer c
        where c.name = $1 and c.fence = $2 and i.consumer = $1 and pg_visible_in_snapshot(i.tx, c.position)
          and i.handled_at < clock_timestamp() - $3
          and not exists (select from fraiseql.parked p where p.consumer = $1 and p.seq = i.seq)
        """;

    private readonly TimeSpan _lease = runtime.Options.Cdc.HandlerLease;
    private long _fence;
    private long _heldSince;

    /// <summary>Whether the lease has not run out by this node's own reckoning: a node that slept must not go on as if nothing had been.</summary>
    public bool IsHeld => _fence > 0 && runtime.Time.GetElapsedTime(Interlocked.Read(ref _heldSince)) < _lease;

    public string Name => name;

    public long Fence => _fence;

    /// <summary>Makes the group's row when it is not there: at that place, by default the current one.</summary>
    public Task EnsureAsync(LogState state, CancellationToken cancellationToken, LogPlace? start = null)
    {
        start ??= LogPlace.At(state.Snapshot);
        return connection.FirstAsync(
            """
            insert into fraiseql.consumer (name, position, window_end, seq, system_id)
            values ($1, $2::text::pg_snapshot, $3::text::pg_snapshot, $4, $5) on conflict (name) do nothing
            """,
            [name, start.From.ToString(), start.To?.ToString(), start.Seq, state.Identity.Log], static _ => true, cancellationToken);
    }

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
        await EvictAsync(cancellationToken).ConfigureAwait(false);
        return (held.Place, held.SystemId);
    }

    /// <summary>Whether somebody has the group wait: see <see cref="HandlerGroups"/>.</summary>
    public Task<bool> IsPausedAsync(CancellationToken cancellationToken)
        => connection.FirstAsync(
            "select owner = $2 from fraiseql.consumer where name = $1 and owner is not null", [name, HandlerGroups.Paused],
            static row => row.GetBoolean(0), cancellationToken);

    private async Task EvictAsync(CancellationToken cancellationToken)
    {
        try
        {
            await connection.FirstAsync(EvictSql, [name, _fence], static _ => true, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            runtime.Logger.HandlersNotEvicted(error, name);
        }
    }

    /// <summary>Begins anew at the current position: the log is not the one that the position belonged to.</summary>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    public async Task<LogPlace> StartOverAsync(LogState state, CancellationToken cancellationToken)
    {
        var place = LogPlace.At(state.Snapshot);
        await WriteAsync(
            """
            update fraiseql.consumer set position = $3::text::pg_snapshot, window_end = null, seq = 0, system_id = $4, expired_at = null,
                updated_at = clock_timestamp()
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

    public Task PruneInboxAsync(CancellationToken cancellationToken)
        => connection.FirstAsync(PruneSql, [name, _fence, 2 * _lease], static _ => true, cancellationToken);

    private async Task WriteAsync(string sql, object?[] arguments, CancellationToken cancellationToken)
    {
        if (!await connection.FirstAsync(sql, arguments, static _ => true, cancellationToken).ConfigureAwait(false))
        {
            throw new LeaseLostException();
        }
    }
}
