using System.Text.Json;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FraiseQL.EfCore.State.Refresh;

/// <summary>
/// Refreshes materialised views after changes of their sources. Every node watches; whoever gets the lock refreshes, and writes the snapshot that the
/// view now contains into the log in the same transaction: by it caches forget, and the other nodes know that there is nothing left to do.
/// </summary>
internal sealed class ViewRefresher(ContextDatabase database, StateRuntime runtime) : BackgroundService, IBroadcastConsumer
{
    public const string ConnectionPurpose = "fraiseql-refresh";

    private static readonly TimeSpan s_idle = TimeSpan.FromHours(1);

    private readonly WakeSignal _wake = new();
    private volatile PendingRefresh[] _pending = [];

    public void CoverageStarted(PgSnapshot from)
    {
        foreach (var pending in _pending)
        {
            pending.Unknown();
        }

        _wake.Ring();
    }

    public long PollStarting() => 0;

    public void Changed(IReadOnlyList<ChangeRecord> changes)
    {
        var views = _pending;
        if (views.Length == 0)
        {
            return;
        }

        foreach (var change in changes)
        {
            foreach (var pending in views)
            {
                if (pending.View.Sources.Contains(change.Relation))
                {
                    pending.Changed(change.TransactionId);
                }
                else if (change.Relation == pending.View.Relation && SnapshotOf(change.Data) is { } seen)
                {
                    pending.Refreshed(seen);
                }
            }
        }

        _wake.Ring();
    }

    public void CaughtUp(long poll, PgSnapshot position)
    {
    }

    public void CaptureVerified(IReadOnlySet<string> relations)
    {
    }

    public override void Dispose()
    {
        base.Dispose();
        _wake.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!runtime.Options.Cdc.Enabled)
        {
            return;
        }

        var model = await ReadModelAsync(stoppingToken).ConfigureAwait(false);
        _pending = [.. model.Select(view => new PendingRefresh(view, runtime.Time))];
        if (_pending.Length == 0)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var pending in _pending)
            {
                await TendAsync(pending, stoppingToken).ConfigureAwait(false);
            }

            var next = _pending.Select(p => p.Left()).Where(left => left is not null).DefaultIfEmpty(s_idle).Min()!.Value;

            // Nodes see the same changes at the same moment: chance lets one of them be first.
            next += next * (Random.Shared.NextDouble() / 10);
            await ((Task)_wake.WaitAsync(next > TimeSpan.FromMilliseconds(1) ? next : TimeSpan.FromMilliseconds(1), stoppingToken))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A wrong model is said by the listener, which needs it too; here it means that there is nothing to refresh.
    private async Task<IReadOnlyList<RefreshedView>> ReadModelAsync(CancellationToken cancellationToken)
    {
        try
        {
            return RefreshedView.For(await database.ReadModelAsync().ConfigureAwait(false));
        }
#pragma warning disable CA1031 // an exception that left here would stop the host
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            runtime.Logger.ViewsNotRefreshed(error, database.Name);
            return [];
        }
    }

    private async Task TendAsync(PendingRefresh pending, CancellationToken cancellationToken)
    {
        try
        {
            if (pending.TakeLook() && await IsOutOfDateAsync(pending.View, cancellationToken).ConfigureAwait(false))
            {
                pending.Due();
            }

            if (pending.Left() == TimeSpan.Zero)
            {
                pending.Later();
                await RefreshAsync(pending, cancellationToken).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // an exception that left here would stop the host
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                // What is due is tried again after the debounce time; what was not found out is asked with it.
                pending.Due();
                pending.Later();
                runtime.Logger.ViewNotRefreshed(LoggedError.OfServer(error), pending.View.Relation, database.Name, pending.View.Debounce);
            }
        }
    }

    /// <summary>Whether the log holds a change of a source that the last refresh has not seen. Without a trace of one, it does.</summary>
    private async Task<bool> IsOutOfDateAsync(RefreshedView view, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(ConnectionPurpose, cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var command = new NpgsqlCommand(
            """
            with last as (select (data->>'snapshot')::pg_snapshot as seen from fraiseql.change_event where relation = $1 order by seq desc limit 1)
            select not exists (select from last) or exists (
                select from last join fraiseql.change_event e
                    on e.tx >= pg_snapshot_xmin(last.seen) and e.relation = any($2) and not pg_visible_in_snapshot(e.tx, last.seen))
            """,
            connection) { Parameters = { new() { Value = view.Relation }, new() { Value = view.Sources.ToArray() } } };
        await using var __ = command.ConfigureAwait(false);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private async Task RefreshAsync(PendingRefresh pending, CancellationToken cancellationToken)
    {
        var view = pending.View;
        var connection = await database.OpenAsync(ConnectionPurpose, cancellationToken).ConfigureAwait(false);
        await using var disposeConnection = connection.ConfigureAwait(false);
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var disposeTransaction = transaction.ConfigureAwait(false);

        // The lock is released by the commit, so who gets it sees the refresh of who had it.
        if (!(bool)(await ScalarAsync(connection, "select pg_try_advisory_xact_lock(hashtextextended($1, 7382069844749152622))", cancellationToken, view.Relation).ConfigureAwait(false))!)
        {
            return;
        }

        if (await ScalarAsync(
            connection,
            "select relispopulated and exists (select from pg_index where indrelid = pg_class.oid and indisunique and indisvalid and indpred is null and indexprs is null) "
            + "from pg_class where oid = to_regclass($1) and relkind = 'm'",
            cancellationToken, Quoted(view)).ConfigureAwait(false) is not bool concurrently)
        {
            runtime.Logger.ViewMissing(view.Relation, database.Name);
            return;
        }

        // Taken before: the refresh sees at least as much.
        var seen = (string)(await ScalarAsync(connection, "select pg_current_snapshot()::text", cancellationToken).ConfigureAwait(false))!;
        var refresh = new NpgsqlCommand($"refresh materialized view {(concurrently ? "concurrently " : "")}{Quoted(view)}", connection) { CommandTimeout = 0 };
        await using var disposeRefresh = refresh.ConfigureAwait(false);
        await refresh.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await ScalarAsync(
            connection,
            "insert into fraiseql.change_event (entity, relation, op, data) values ($1, $2, 'T', json_build_object('snapshot', $3))",
            cancellationToken, view.Entity, view.Relation, seen).ConfigureAwait(false);
        await ScalarAsync(connection, $"select pg_notify('{EventLogReader.Channel}', '')", cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        pending.Refreshed(PgSnapshot.Parse(seen));
        runtime.Logger.ViewRefreshed(view.Relation, database.Name);
        runtime.ListenerWake.Ring();
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params string[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using var _ = command.ConfigureAwait(false);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        }

        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    private static PgSnapshot? SnapshotOf(string? data)
    {
        if (data is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(data);
            return document.RootElement.TryGetProperty("snapshot", out var text) && PgSnapshot.TryParse(text.GetString() ?? "", out var seen) ? seen : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Quoted(RefreshedView view) => $"{Sql.Quote(view.Schema)}.{Sql.Quote(view.Name)}";
}
