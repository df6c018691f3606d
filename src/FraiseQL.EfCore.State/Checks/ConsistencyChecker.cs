using System.Data;
using System.Globalization;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace FraiseQL.EfCore.State.Checks;

/// <summary>
/// Reads sampled hits once more, one at a time and on a connection of its own, and judges those that differ when this node has applied what the
/// database showed. See decision 0322.
/// </summary>
internal sealed class ConsistencyChecker(StateRuntime runtime) : BackgroundService
{
    public const string ConnectionPurpose = "fraiseql-checker";

    /// <summary>A query that takes longer is not judged.</summary>
    public static readonly TimeSpan LongestQuery = TimeSpan.FromSeconds(15);

    private const int MostAtOnce = 16;

    // Another plan of the same query: where its rows differ from the first one's, the query does not determine them.
    private const string OtherPlan =
        "set local enable_seqscan = off; set local enable_hashagg = off; set local enable_hashjoin = off; set local max_parallel_workers_per_gather = 0";

    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Also when nothing is sampled now: the configuration may change.
        var checks = runtime.Checks;

        try
        {
            var batch = new List<Sample>();
            while (await checks.Waiting.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                while (batch.Count < MostAtOnce
                    && checks.Waiting.TryPeek(out var next)
                    && (batch.Count == 0 || batch[0].Lookup.Database == next.Lookup.Database)
                    && checks.Waiting.TryRead(out next))
                {
                    batch.Add(next);
                }

                await CheckAsync(checks, batch, stoppingToken).ConfigureAwait(false);
                batch.ForEach(sample => sample.Command.Dispose());
                batch.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        finally
        {
            await checks.CloseAsync().ConfigureAwait(false);
        }
    }

    private async Task CheckAsync(ConsistencyChecks checks, List<Sample> batch, CancellationToken cancellationToken)
    {
        var judged = 0;
        try
        {
            var connection = checks.ConnectionTo(batch[0].Lookup.Database.Identity);
            if (connection.State != ConnectionState.Open)
            {
                await connection.CloseAsync().ConfigureAwait(false);
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            }

            var suspects = new List<(Sample, string)>();
            var (snapshot, read) = await ReadAsync(connection, batch, isOtherPlan: false, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < batch.Count; i++)
            {
                if (RowComparison.Difference(batch[i].Entry.Rows, read[i]) is not { } difference)
                {
                    checks.FoundConsistent();
                    judged++;
                }
                else
                {
                    suspects.Add((batch[i], difference));
                }
            }

            foreach (var (sample, difference) in suspects)
            {
                await JudgeAsync(checks, connection, sample, difference, snapshot, cancellationToken).ConfigureAwait(false);
                judged++;
            }
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException or InvalidCastException or TimeoutException or IOException
            && !cancellationToken.IsCancellationRequested)
        {
            for (; judged < batch.Count; judged++)
            {
                checks.Skip();
            }

            Log.NotChecked(runtime.Logger, error.GetType().Name);
            await Task.Delay(AfterFailure, runtime.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What the database answers now, all at one snapshot.</summary>
    private async Task<(PgSnapshot Snapshot, List<RowSet> Rows)> ReadAsync(
        NpgsqlConnection connection, List<Sample> samples, bool isOtherPlan, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        await using var _ = transaction.ConfigureAwait(false);
        await ExecuteAsync(connection, isOtherPlan ? $"set transaction read only; {OtherPlan}" : "set transaction read only", cancellationToken).ConfigureAwait(false);
        var snapshot = PgSnapshot.Parse((string)(await ScalarAsync(connection, "select pg_current_snapshot()::text", cancellationToken).ConfigureAwait(false))!);
        var rows = new List<RowSet>(samples.Count);
        foreach (var sample in samples)
        {
            await ClaimAsync(connection, sample, cancellationToken).ConfigureAwait(false);
            rows.Add(await ReadAsync(connection, transaction, sample, cancellationToken).ConfigureAwait(false));
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return (snapshot, rows);
    }

    private static async Task<RowSet> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Sample sample, CancellationToken cancellationToken)
    {
        sample.Command.Connection = connection;
        sample.Command.Transaction = transaction;
        var reader = await sample.Command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        var plan = sample.Plan;
        var rows = new RowSetBuilder(plan.Columns, reader, plan.LastShape, plan.Names, plan.Names is null ? null : CachingRelationalCommand.OrdinalsOf(reader, plan.Names));

        // One more than were served is difference enough.
        while (rows.RowCount <= sample.Entry.Rows.RowCount && await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            rows.Append(reader);
        }

        return rows.Build();
    }

    // The session has the settings that the key says the original one had; they end with the transaction.
    private async Task ClaimAsync(NpgsqlConnection connection, Sample sample, CancellationToken cancellationToken)
    {
        var variables = runtime.Scopes.SessionVariables;
        for (var i = 0; i < variables.Count; i++)
        {
            var command = new NpgsqlCommand("select set_config($1, $2, true)", connection)
            {
                Parameters =
                {
                    new NpgsqlParameter<string> { TypedValue = variables[i].Name },
                    new NpgsqlParameter<string> { TypedValue = sample.Lookup.Claims[i] ?? (variables[i].Name == "role" ? "none" : "") },
                },
            };
            await using var _ = command.ConfigureAwait(false);
            await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task JudgeAsync(
        ConsistencyChecks checks, NpgsqlConnection connection, Sample sample, string difference, PgSnapshot snapshot, CancellationToken cancellationToken)
    {
        switch (await FreshAfterLookAsync(sample, cancellationToken).ConfigureAwait(false))
        {
            case Freshness.Fresh:
                break;
            case Freshness.Stale:
                checks.FoundChanged();
                return;
            default:
                checks.Skip();
                return;
        }

        // Fresh, says the ledger, and the database says otherwise. Is that the cache's fault, or does the query not say which rows it wants?
        var (_, first) = await ReadAsync(connection, [sample], isOtherPlan: false, cancellationToken).ConfigureAwait(false);
        var (later, second) = await ReadAsync(connection, [sample], isOtherPlan: true, cancellationToken).ConfigureAwait(false);
        var served = sample.Entry.Rows;
        if (RowComparison.HaveSameRows(served, first[0]) || RowComparison.HaveSameRows(served, second[0]))
        {
            // The same rows in another order: without ORDER BY no order was asked for, and with it rows that are equal in it have none.
            Ordered(checks, sample);
            return;
        }

        if (!RowComparison.HaveSameRows(first[0], second[0]) || !Determines(sample))
        {
            checks.Skip();
            return;
        }

        if (await FreshAfterLookAsync(sample, cancellationToken).ConfigureAwait(false) is not Freshness.Fresh)
        {
            checks.FoundChanged();
            return;
        }

        var violation = Trace(sample, RowComparison.Difference(served, second[0]) ?? difference, later.Contains(snapshot) ? later : snapshot);
        Log.InconsistentRead(runtime.Logger, violation.ToString());
        checks.Found(violation);
    }

    private static void Ordered(ConsistencyChecks checks, Sample sample)
    {
        if (sample.Command.CommandText.Contains("ORDER BY", StringComparison.OrdinalIgnoreCase))
        {
            checks.Skip();
        }
        else
        {
            checks.FoundConsistent();
        }
    }

    // Rows that are cut off without an order are anybody's choice.
    private static bool Determines(Sample sample)
        => sample.Command.CommandText is var sql
            && (!(sql.Contains("LIMIT", StringComparison.OrdinalIgnoreCase) || sql.Contains("OFFSET", StringComparison.OrdinalIgnoreCase))
                || sql.Contains("ORDER BY", StringComparison.OrdinalIgnoreCase)
                || sample.Plan.Dependencies.Any(d => d.IsByKey));

    /// <summary>What the ledger says of the entry once it has applied everything that was committed before now.</summary>
    private async Task<Freshness> FreshAfterLookAsync(Sample sample, CancellationToken cancellationToken)
    {
        var ledger = sample.Lookup.Database.Ledger;
        if (ledger.NextLook() is not { } look)
        {
            return Freshness.Silent;
        }

        runtime.ListenerWake.Ring();
        try
        {
            await look.WaitAsync(LongestLook, runtime.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return Freshness.Silent;
        }

        var key = sample.Lookup.Key!;
        return ledger.Check(sample.Entry, key.Cells, key.Columns, key.PendingCells);
    }

    private static ConsistencyViolation Trace(Sample sample, string difference, PgSnapshot snapshot)
    {
        var ledger = sample.Lookup.Database.Ledger;
        var key = sample.Lookup.Key!;
        return new ConsistencyViolation
        {
            Plan = sample.Plan.ShortId,
            Query = sample.Lookup.Policy.Name,
            Outcome = sample.Outcome,
            Difference = difference,
            Dependencies =
            [
                .. sample.Plan.Dependencies.Select(d => d.Column is null
                    ? $"{d.Table.Relation} (every row)"
                    : $"{d.Table.Relation} where {d.Value!.Describe(d.Column.Name, withConstants: false)}"),
                .. sample.Lookup.Policy.FurtherTables.Select(t => $"{t.Relation} (every row)"),
            ],
            ReadAt = sample.Entry.CreatedAt,
            EntrySnapshot = sample.Entry.Snapshot?.ToString() ?? "",
            CheckedSnapshot = snapshot.ToString(),
            ValidatedPosition = ledger.Position?.ToString() ?? "",
            LastChanges = ledger.LastChanges(key.Cells),
        };
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constants of this class.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // A constant of this class.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await using var _ = command.ConfigureAwait(false);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }
}
