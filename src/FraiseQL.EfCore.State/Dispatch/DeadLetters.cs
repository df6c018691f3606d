using FraiseQL.EfCore.State.Listener;
using Npgsql;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The table <c>fraiseql.parked</c> for those who look after it; each call is one statement on a connection of its own.</summary>
/// <remarks>Thread-safe. What is handled again is handled by the owner of the group, in the entity's lane: here it is only asked for.</remarks>
internal sealed class DeadLetters(ContextDatabase database, ListenerStatus listener) : IDeadLetters
{
    private const string Purpose = "fraiseql-dead-letters";

    public Task<IReadOnlyList<DeadLetter>> ListAsync(string? group, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return RunAsync<IReadOnlyList<DeadLetter>>(
            """
            select consumer, entity, key, seq, attempts, error, parked_at, retry_at is not null
            from fraiseql.parked where $1 is null or consumer = $1 order by consumer, seq limit $2
            """,
            [group, limit],
            async command =>
            {
                var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using var _ = row.ConfigureAwait(false);
                var letters = new List<DeadLetter>();
                while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    letters.Add(new DeadLetter(
                        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt32(4),
                        row.IsDBNull(5) ? null : row.GetString(5), row.GetFieldValue<DateTimeOffset>(6), row.GetBoolean(7)));
                }

                return letters;
            },
            cancellationToken);
    }

    public Task<long> CountAsync(string? group, CancellationToken cancellationToken)
        => RunAsync(
            "select count(*) from fraiseql.parked where $1 is null or consumer = $1", [group],
            async command => (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!, cancellationToken);

    public Task<int> RetryAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letter);
        return ChangeAsync(
            "update fraiseql.parked set retry_at = clock_timestamp() where consumer = $1 and entity = $2 and key = $3 and retry_at is null",
            [letter.Group, letter.EntityType, letter.Key], cancellationToken);
    }

    public Task<int> RetryAllAsync(string? group, CancellationToken cancellationToken)
        => ChangeAsync(
            "update fraiseql.parked set retry_at = clock_timestamp() where ($1 is null or consumer = $1) and retry_at is null", [group], cancellationToken);

    public async Task<bool> SkipAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var removed = await RunAsync(
            """
            with gone as (delete from fraiseql.parked where consumer = $1 and seq = $4 returning 1),
                 behind as (update fraiseql.parked p set retry_at = clock_timestamp() from gone
                            where p.consumer = $1 and p.entity = $2 and p.key = $3 and p.seq <> $4)
            select count(*) from gone
            """,
            [letter.Group, letter.EntityType, letter.Key, letter.Seq],
            async command => (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!, cancellationToken)
            .ConfigureAwait(false);
        listener.Changes.Ring();
        return removed > 0;
    }

    public Task<int> PurgeAsync(string? group, CancellationToken cancellationToken)
        => ChangeAsync("delete from fraiseql.parked where $1 is null or consumer = $1", [group], cancellationToken);

    private async Task<int> ChangeAsync(string sql, object?[] arguments, CancellationToken cancellationToken)
    {
        var changed = await RunAsync(sql, arguments, command => command.ExecuteNonQueryAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        listener.Changes.Ring();
        return changed;
    }

    private async Task<T> RunAsync<T>(string sql, object?[] arguments, Func<NpgsqlCommand, Task<T>> run, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(Purpose, cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var command = new NpgsqlCommand(sql, connection);
        await using var __ = command.ConfigureAwait(false);
        foreach (var argument in arguments)
        {
            command.Parameters.Add(argument is string or null
                ? new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = argument ?? DBNull.Value }
                : new NpgsqlParameter { Value = argument });
        }

        return await run(command).ConfigureAwait(false);
    }
}
