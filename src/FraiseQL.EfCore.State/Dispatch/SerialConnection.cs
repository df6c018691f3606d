using Npgsql;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>One connection for several workers: a statement at a time, each a transaction of its own.</summary>
/// <remarks>Thread-safe; owns the connection.</remarks>
internal sealed class SerialConnection(NpgsqlConnection connection) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> use, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await use(connection).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Runs a statement and hands its first row to <paramref name="read"/>; without a row the result is the default.</summary>
    public Task<T?> FirstAsync<T>(string sql, object?[] arguments, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
        => RunAsync(
            async open =>
            {
                var command = Command(open, sql, arguments);
                await using var _ = command.ConfigureAwait(false);
                var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using var __ = row.ConfigureAwait(false);
                return await row.ReadAsync(cancellationToken).ConfigureAwait(false) ? read(row) : default;
            },
            cancellationToken);

    /// <summary>Runs a statement and reads all its rows.</summary>
    public Task<List<T>> AllAsync<T>(string sql, object?[] arguments, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
        => RunAsync(
            async open =>
            {
                var command = Command(open, sql, arguments);
                await using var _ = command.ConfigureAwait(false);
                var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using var __ = row.ConfigureAwait(false);
                var rows = new List<T>();
                while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    rows.Add(read(row));
                }

                return rows;
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync().ConfigureAwait(false);
        _turn.Dispose();
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object?[] arguments)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var argument in arguments)
        {
            command.Parameters.Add(argument is ulong id
                ? new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Xid8, Value = id }
                : new NpgsqlParameter { Value = argument ?? DBNull.Value });
        }

        return command;
    }
}
