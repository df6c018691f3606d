using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>Removes old events from the log, a batch at a time. Every node tries; the database lets one work.</summary>
internal sealed class LogRetention(ContextDatabase database, StateRuntime runtime) : BackgroundService
{
    public const string ConnectionPurpose = "fraiseql-retention";

    private const int Batch = 5_000;

    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var cdc = runtime.Options.Cdc;
        if (!cdc.Enabled || cdc.Retention == TimeSpan.Zero)
        {
            return;
        }

        var pause = TimeSpan.FromTicks(Math.Clamp(cdc.Retention.Ticks / 10, ShortestPause.Ticks, LongestPause.Ticks));
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await PruneAsync(cdc, stoppingToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // an exception that left here would stop the host
            catch (Exception error)
#pragma warning restore CA1031
            {
                if (!stoppingToken.IsCancellationRequested)
                {
                    runtime.Logger.LogNotPruned(MissingRights.Explain(error), database.Name, pause);
                }
            }

            await Task.Delay(pause, runtime.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PruneAsync(CdcOptions cdc, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(ConnectionPurpose, cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        if (!await IsThereAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            // The listener says what is missing.
            return;
        }

        var before = await ExpiredAsync(connection, cancellationToken).ConfigureAwait(false);
        long total = 0, removed;
        do
        {
            // Each call is a transaction of its own: short, and what is done is done.
            var command = new NpgsqlCommand("select fraiseql.prune($1, $2, $3)", connection)
            {
                Parameters =
                {
                    new NpgsqlParameter<TimeSpan> { TypedValue = cdc.Retention },
                    new NpgsqlParameter<TimeSpan> { TypedValue = cdc.RetentionHold },
                    new NpgsqlParameter<int> { TypedValue = Batch },
                },
            };
            await using var disposeCommand = command.ConfigureAwait(false);
            removed = (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
            total += removed;
        }
        while (removed > 0);

        foreach (var group in (await ExpiredAsync(connection, cancellationToken).ConfigureAwait(false)).Except(before))
        {
            runtime.Logger.GroupExpired(group, database.Name);
        }

        if (total > 0)
        {
            runtime.Logger.LogPruned(database.Name, total);
        }
    }

    private static async Task<bool> IsThereAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select to_regclass('fraiseql.retention') is not null and not pg_is_in_recovery()", connection);
        await using var _ = command.ConfigureAwait(false);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private static async Task<List<string>> ExpiredAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select name from fraiseql.consumer where expired_at is not null", connection);
        await using var _ = command.ConfigureAwait(false);
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = row.ConfigureAwait(false);
        var names = new List<string>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            names.Add(row.GetString(0));
        }

        return names;
    }
}
