using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Setup;
using Npgsql;

namespace FraiseQL.EfCore.State.Health;

/// <summary>
/// Asks the database what the checks want to know, for all of them at once and at most once a second: whoever may call the health page must not be
/// able to fill the server with connections.
/// </summary>
/// <remarks>Thread-safe. Never throws but when the caller's token is cancelled.</remarks>
internal sealed class DatabaseLooks(
    ContextDatabase database, StateRuntime runtime, ListenerStatus listener, IReadOnlyList<string> groups, TimeSpan timeout,
    Func<NpgsqlConnection, CancellationToken, Task<CaptureReport>> checkCapture)
{
    public const string ConnectionPurpose = "fraiseql-health";

    /// <summary>A backlog is counted up to here: the answer is the same to a person, and the question stays cheap.</summary>
    public const int MostCounted = 10_000;

    private static readonly TimeSpan s_kept = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_mostSilence = TimeSpan.FromSeconds(2);

    // What was handled of a window that is in work is not counted.
    private const string GroupsSql =
        $"""
        select g.name, c.name is not null, coalesce(c.owner <> '{HandlerGroups.Paused}' and c.lease_until > clock_timestamp(), false),
            coalesce(c.owner = '{HandlerGroups.Paused}', false), c.expired_at is not null,
            coalesce(w.waiting, 0), coalesce(w.late, 0), coalesce(extract(epoch from clock_timestamp() - w.oldest), 0)::float8,
            (select count(*) from (select from fraiseql.parked p where p.consumer = g.name limit $2) parked)
        from unnest($1::text[]) as g (name)
        left join fraiseql.consumer c on c.name = g.name
        left join lateral (
            select count(*) as waiting, count(*) filter (where l.at < clock_timestamp() - interval '1 second') as late, min(l.at) as oldest
            from (
                select e.at from fraiseql.change_event e
                where {HandlerGroups.IsWaiting}
                limit $2) l) w on c.name is not null
        """;

    private readonly Lock _gate = new();
    private Task<DatabaseLook>? _look;
    private long _startedAt;

    public Task<DatabaseLook> LookAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_look is null || (_look.IsCompleted && runtime.Time.GetElapsedTime(_startedAt) >= s_kept))
            {
                _startedAt = runtime.Time.GetTimestamp();
                _look = Task.Run(AskInTimeAsync, CancellationToken.None);
            }

            return _look.WaitAsync(cancellationToken);
        }
    }

    private async Task<DatabaseLook> AskInTimeAsync()
    {
        using var late = new CancellationTokenSource(timeout, runtime.Time);
        try
        {
            return await AskAsync(late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return new DatabaseLook(StateStrings.HealthNoAnswer(timeout), null, []);
        }
#pragma warning disable CA1031 // Whatever it is, the check reports it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return new DatabaseLook(Describe(error), null, []);
        }
    }

    private async Task<DatabaseLook> AskAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(ConnectionPurpose, cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var capture = await checkCapture(connection, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<GroupLook> found = [];
        string? refused = null;
        if (capture.LogPresent && groups.Count > 0)
        {
            try
            {
                found = await ReadGroupsAsync(connection, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException error)
            {
                refused = Describe(error);
            }
        }

        var (roundTrip, isDeaf) = await NotifyAsync(connection, cancellationToken).ConfigureAwait(false);
        return new DatabaseLook(null, capture, found, refused, roundTrip, isDeaf);
    }

    private async Task<IReadOnlyList<GroupLook>> ReadGroupsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand($"{EventLogReader.SessionSettings}", connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        command = new NpgsqlCommand(GroupsSql, connection)
        {
            Parameters = { new NpgsqlParameter<string[]> { TypedValue = [.. groups] }, new NpgsqlParameter<int> { TypedValue = MostCounted } },
        };
        await using var _ = command.ConfigureAwait(false);
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = row.ConfigureAwait(false);
        var found = new List<GroupLook>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add(new GroupLook(
                row.GetString(0), row.GetBoolean(1), row.GetBoolean(2), row.GetBoolean(3), row.GetBoolean(4), row.GetInt64(5), row.GetInt64(6),
                TimeSpan.FromSeconds(Math.Max(0, row.GetDouble(7))), row.GetInt64(8)));
        }

        return found;
    }

    /// <summary>Rings the bell that a commit rings, and waits until the listener has heard it: between the two there may be a pooler that carries none.</summary>
    private async Task<(TimeSpan? RoundTrip, bool IsDeaf)> NotifyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!listener.Connected || listener.Pending > 0 || runtime.Options.Cdc.Transport != CdcTransport.Notify)
        {
            return (null, false);
        }

        var heard = listener.Notifications.Add();
        try
        {
            var startedAt = runtime.Time.GetTimestamp();
            var command = new NpgsqlCommand($"select pg_notify('{EventLogReader.Channel}', '')", connection);
            await using var _ = command.ConfigureAwait(false);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            var wasHeard = await heard.WaitAsync(s_mostSilence < timeout / 2 ? s_mostSilence : timeout / 2, cancellationToken).ConfigureAwait(false);
            return wasHeard ? (runtime.Time.GetElapsedTime(startedAt), false) : (null, listener.Connected && listener.Pending == 0);
        }
        finally
        {
            listener.Notifications.Remove(heard);
        }
    }

    // The server's and the client's own texts may hold names, values and addresses.
    private static string Describe(Exception error)
        => MissingRights.TryExplain(error)
            ?? StateStrings.HealthNotAsked(error is PostgresException postgres ? $"{nameof(PostgresException)} {postgres.SqlState}" : error.GetType().Name);
}
