using FraiseQL.EfCore.State.Listener;
using Npgsql;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The table <c>fraiseql.consumer</c> for those who look after it; each call is one statement on a connection of its own.</summary>
/// <remarks>
/// Thread-safe. A pause is a lease that nobody holds and that does not end (decision 0350): the fence that rises with it stops whoever holds the
/// group now, and the lease keeps everybody else from taking it.
/// </remarks>
internal sealed class HandlerGroups(ContextDatabase database) : IHandlerGroups
{
    /// <summary>The owner of a paused group. No node has this name: theirs have slashes.</summary>
    public const string Paused = "paused";

    private const string Purpose = "fraiseql-groups";

    /// <summary>Whether an event <c>e</c> waits for the group <c>c</c>. Along the log's key, as its readers do.</summary>
    public const string IsWaiting =
        """
        (e.tx >= pg_snapshot_xmax(c.position) or e.tx = any (array(select pg_snapshot_xip(c.position))))
            and (c.window_end is null or e.seq > c.seq or not pg_visible_in_snapshot(e.tx, c.window_end))
        """;

    private const string ListSql =
        $"""
        select c.name, c.owner, c.lease_until > clock_timestamp(), c.expired_at is not null, w.waiting, p.parked, c.updated_at
        from fraiseql.consumer c,
             lateral (select count(*) from (
                 select from fraiseql.change_event e
                 where {IsWaiting}
                 limit 10000) e) w(waiting),
             lateral (select count(*) from fraiseql.parked d where d.consumer = c.name) p(parked)
        order by c.name
        """;

    public async Task<IReadOnlyList<HandlerGroupState>> ListAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(Purpose, cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        return await ListAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same on a connection that is there.</summary>
    public static async Task<IReadOnlyList<HandlerGroupState>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(ListSql, connection);
        await using var _ = command.ConfigureAwait(false);
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = row.ConfigureAwait(false);
        var groups = new List<HandlerGroupState>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var owner = row.IsDBNull(1) ? null : row.GetString(1);
            var isPaused = owner == Paused;
            var isHeld = !isPaused && owner is not null && !row.IsDBNull(2) && row.GetBoolean(2);
            groups.Add(new HandlerGroupState(
                row.GetString(0), isHeld ? NodeOf(owner!) : null, isPaused, row.GetBoolean(3), row.GetInt64(4), row.GetInt64(5), row.GetFieldValue<DateTimeOffset>(6)));
        }

        return groups;
    }

    public Task<bool> PauseAsync(string group, CancellationToken cancellationToken)
        => ChangeAsync(
            """
            update fraiseql.consumer set owner = $2, lease_until = 'infinity', fence = fence + 1, updated_at = clock_timestamp()
            where name = $1 and owner is distinct from $2
            """,
            group, cancellationToken);

    public Task<bool> ResumeAsync(string group, CancellationToken cancellationToken)
        => ChangeAsync(
            "update fraiseql.consumer set owner = null, lease_until = null, updated_at = clock_timestamp() where name = $1 and owner = $2", group, cancellationToken);

    private async Task<bool> ChangeAsync(string sql, string group, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        var connection = await database.OpenAsync(Purpose, cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = group }, new NpgsqlParameter<string> { TypedValue = Paused } },
        };
        await using var __ = command.ConfigureAwait(false);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) > 0;
    }

    // The third part tells two starts of one process number apart and is of no use to people.
    private static string NodeOf(string owner) => owner.LastIndexOf('/') is var end and > 0 ? owner[..end] : owner;
}
