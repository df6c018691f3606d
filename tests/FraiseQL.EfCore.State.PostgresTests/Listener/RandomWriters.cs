using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

/// <summary>
/// Programs that write the same few rows in overlapping transactions, with pauses, savepoints and rollbacks. Each write adds one to its
/// row's version, so that a fold of the events shows a lost, doubled or misordered one at once.
/// </summary>
internal sealed class RandomWriters(LogDatabase database, int rows, int seed)
{
    private int _commits;

    public int Commits => _commits;

    public async Task RunAsync(int writers, TimeSpan duration)
        => await Task.WhenAll(Enumerable.Range(0, writers).Select(n => Task.Run(() => WriteAsync(new Random(seed + n), duration))));

    private async Task WriteAsync(Random random, TimeSpan duration)
    {
        var start = TimeProvider.System.GetTimestamp();
        await using var connection = await database.Source.OpenConnectionAsync();
        await using (var settings = new NpgsqlCommand("set deadlock_timeout = '5ms'; set synchronous_commit = off", connection))
        {
            await settings.ExecuteNonQueryAsync();
        }

        while (TimeProvider.System.GetElapsedTime(start) < duration)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            try
            {
                for (var n = random.Next(1, 5); n > 0; n--)
                {
                    await ChangeAsync(connection, transaction, random);
                }

                if (random.Next(5) == 0)
                {
                    await Task.Delay(random.Next(1, 30));
                }

                if (random.Next(6) == 0)
                {
                    await transaction.RollbackAsync();
                    continue;
                }

                await transaction.CommitAsync();
                Interlocked.Increment(ref _commits);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected)
            {
                // Two writers met over two rows; PostgreSQL rolled this one back.
            }
        }
    }

    private async Task ChangeAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Random random)
    {
        var savepoint = random.Next(4) == 0;
        if (savepoint)
        {
            await transaction.SaveAsync("s");
        }

        var id = random.Next(rows);
        await using (var command = new NpgsqlCommand("update item set version = version + 1, note = md5(random()::text) where id = $1", connection))
        {
            command.Parameters.AddWithValue(id);
            await command.ExecuteNonQueryAsync();
        }

        if (savepoint && random.Next(2) == 0)
        {
            await transaction.RollbackAsync("s");
        }
    }
}
