using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>One connection's life: it listens, finds its place in the log, and follows it until the connection breaks.</summary>
internal sealed class ListenerSession : IAsyncDisposable
{
    public const string ConnectionPurpose = "fraiseql-listener";

    private static readonly TimeSpan CaptureCheckInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CaptureRetryInterval = TimeSpan.FromSeconds(2);

    // Under steady load, changes of two milliseconds go in one look: each costs the server a query.
    private static readonly TimeSpan MinSpacing = TimeSpan.FromMilliseconds(2);

    private readonly NpgsqlConnection _connection;
    private readonly ContextDatabase _database;
    private readonly StateRuntime _runtime;
    private readonly LogCursor _cursor;
    private readonly BroadcastFanOut _consumers;
    private readonly ListenerStatus _status;
    private readonly CaptureWatch _capture;
    private readonly ILogger _logger;
    private readonly Doorbell _doorbell;
    private readonly EventLogReader _reader;

    private ListenerSession(
        NpgsqlConnection connection, ContextDatabase database, StateRuntime runtime, LogCursor cursor,
        BroadcastFanOut consumers, ListenerStatus status, CaptureWatch capture, ILogger logger)
    {
        _connection = connection;
        _database = database;
        _runtime = runtime;
        _cursor = cursor;
        _consumers = consumers;
        _status = status;
        _capture = capture;
        _logger = logger;
        _doorbell = new Doorbell(connection, runtime.ListenerWake);
        _reader = new EventLogReader(connection, runtime.Options.Cache.Invalidation.BatchSize);
        connection.Notification += (_, _) => status.Notifications.Ring();
    }

    public static async Task<ListenerSession> OpenAsync(
        ContextDatabase database, StateRuntime runtime, LogCursor cursor, BroadcastFanOut consumers, ListenerStatus status,
        CaptureWatch capture, ILogger logger, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(ConnectionPurpose, cancellationToken).ConfigureAwait(false);
        try
        {
            // A standby refuses LISTEN with an error of its own: ours says what to do.
            if ((await LogIdentityQuery.ReadAsync(connection, cancellationToken).ConfigureAwait(false)).IsStandby)
            {
                throw new InvalidOperationException(StateStrings.ListenerOnStandby(database.Name));
            }

            var listen = runtime.Options.Cdc.Transport == CdcTransport.Notify ? $"listen {EventLogReader.Channel}" : "";
            var command = new NpgsqlCommand($"{EventLogReader.SessionSettings} {listen}", connection);
            await using var _ = command.ConfigureAwait(false);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return new ListenerSession(connection, database, runtime, cursor, consumers, status, capture, logger);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until changes are captured, takes its place in the log, and catches up once.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await AwaitCaptureAsync(cancellationToken).ConfigureAwait(false);
        await ReadCatalogAsync(cancellationToken).ConfigureAwait(false);
        await TakePlaceAsync(await LogIdentityQuery.ReadAsync(_connection, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        AnnounceCapture();
        await _reader.PrepareAsync(cancellationToken).ConfigureAwait(false);
        await CatchUpAsync(_runtime.Time.GetTimestamp(), cancellationToken).ConfigureAwait(false);
        if (_cursor.IsDoubtful)
        {
            _consumers.CoverageStarted(_cursor.Position);
            _cursor.IsDoubtful = false;
        }

        _logger.ListenerConnected(_database.Name);
    }

    /// <summary>Follows the log until the connection breaks or the token is cancelled; returns by exception only.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var time = _runtime.Time;
        var pacing = new PollPacing(_runtime.Options.Cdc, time);
        var gathering = _runtime.Options.Cache.Invalidation.Delay;
        var checkedAt = time.GetTimestamp();
        var rung = true;
        while (true)
        {
            var startedAt = time.GetTimestamp();
            var count = await CatchUpAsync(startedAt, cancellationToken).ConfigureAwait(false);
            if (time.GetElapsedTime(checkedAt) > CaptureCheckInterval || _status.TakeCheckRequest())
            {
                checkedAt = time.GetTimestamp();
                await RecheckAsync(cancellationToken).ConfigureAwait(false);
            }

            // Who relies on another transaction's ring has written before: it is in flight in what was just read, or was read. Changes that
            // nobody rang for are of writers that never ring.
            var pause = pacing.Next(rung || count > 0, count > 0 && !rung, _cursor.Position.InProgress.Length > 0);
            rung = await _doorbell.WaitAsync(gathering > pause ? gathering : pause, cancellationToken).ConfigureAwait(false);
            if (rung && gathering > TimeSpan.Zero && !_doorbell.WasRungHere)
            {
                await _doorbell.GatherAsync(gathering, time, cancellationToken).ConfigureAwait(false);
            }

            var spacing = MinSpacing - time.GetElapsedTime(startedAt);

            // A look that found nothing is no sign of load, and the change that has just rung need not wait for it.
            if (count > 0 && spacing > TimeSpan.Zero)
            {
                await Task.Delay(spacing, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _doorbell.Dispose();
        await _reader.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Goes on where the last connection ended, or starts over when that is not possible.</summary>
    private async Task TakePlaceAsync(LogState state, CancellationToken cancellationToken)
    {
        _status.Follows(state.Identity.Log);
        _consumers.Follows(state.Identity);
        if (_cursor.CanContinue(state))
        {
            _cursor.Continue(state.Identity);
            return;
        }

        if (_cursor.Identity is not null)
        {
            _logger.ListenerStartedOver(_database.Name);
        }

        _consumers.CoverageStarted(state.Snapshot);
        if (_consumers.WantsPast && !_cursor.HasFailedToReplay)
        {
            await ReplayAsync(cancellationToken).ConfigureAwait(false);
        }

        // Last: where the connection breaks before this, the next one begins here again.
        _cursor.StartOver(state);
    }

    private async Task ReplayAsync(CancellationToken cancellationToken)
    {
        var startedAt = _runtime.Time.GetTimestamp();
        try
        {
            _consumers.PastStarting();
            var count = await LogReplay.RunAsync(_connection, _runtime.Options.Cdc, _consumers, cancellationToken).ConfigureAwait(false);
            _logger.LogReplayed(_database.Name, count, _runtime.Time.GetElapsedTime(startedAt).TotalMilliseconds);
        }
        catch (NpgsqlException error) when (error is PostgresException || error.InnerException is TimeoutException)
        {
            // Not again: what cannot be replayed must not keep the listener from following the log.
            _cursor.HasFailedToReplay = true;

            // Entries of before are not proven then; everything else is as with them.
            _logger.LogNotReplayed(MissingRights.Explain(error), _database.Name);
        }
    }

    private async Task<long> CatchUpAsync(long startedAt, CancellationToken cancellationToken)
    {
        _doorbell.Looking();
        if (_cursor.WindowEnd is null)
        {
            // A window that was interrupted keeps the start it had: what it proves is no younger than its end.
            _consumers.PollStarting();
        }

        var (to, count) = await _reader
            .StreamAsync(_cursor.Position, _cursor.WindowEnd, _cursor.AfterSeq, _consumers.WantsRows, HandOver, cancellationToken, StateActivities.AreWanted)
            .ConfigureAwait(false);
        _cursor.Completed(to);
        _consumers.CaughtUp(to);
        _status.CaughtUp(to, startedAt);
        if (count > 0)
        {
            _status.Changes.Ring();
        }

        return count;
    }

    private void HandOver(PgSnapshot windowEnd, IReadOnlyList<ChangeRecord> changes)
    {
        _consumers.Changed(_cursor.Position, windowEnd, changes);
        _cursor.HandedOver(windowEnd, changes[^1].Seq);
        _status.Streaming(changes.Count);
        StateMetrics.Received(changes.Count, _runtime.ContextTag);
    }

    private async Task AwaitCaptureAsync(CancellationToken cancellationToken)
    {
        while (!await _capture.CheckAsync(_connection, cancellationToken).ConfigureAwait(false))
        {
            await _doorbell.WaitAsync(CaptureRetryInterval, cancellationToken).ConfigureAwait(false);
            _doorbell.Looking();
        }
    }

    // Without it views are not cached; that is no reason not to listen.
    private async Task ReadCatalogAsync(CancellationToken cancellationToken)
    {
        try
        {
            _consumers.CatalogRead(await CatalogReader.ReadAsync(_connection, async: true, cancellationToken).ConfigureAwait(false));
        }
        catch (PostgresException error)
        {
            _logger.CatalogUnreadable(error, _database.Name);
        }
    }

    private async Task RecheckAsync(CancellationToken cancellationToken)
    {
        var before = _capture.Verified;
        if (!await _capture.CheckAsync(_connection, cancellationToken).ConfigureAwait(false))
        {
            await AwaitCaptureAsync(cancellationToken).ConfigureAwait(false);
        }

        await ReadCatalogAsync(cancellationToken).ConfigureAwait(false);
        var state = await LogIdentityQuery.ReadAsync(_connection, cancellationToken).ConfigureAwait(false);
        if (!_cursor.CanContinue(state))
        {
            await TakePlaceAsync(state, cancellationToken).ConfigureAwait(false);
        }
        else if (!before.IsSubsetOf(_capture.Verified))
        {
            // Triggers are gone, nobody knows since when: changes may have been missed.
            _consumers.CoverageStarted(_cursor.Position);
        }

        if (!before.SetEquals(_capture.Verified) || _capture.HasReturned)
        {
            AnnounceCapture();
        }
    }

    /// <summary>Tells which tables are captured. What was cached of those whose triggers were away is distrusted.</summary>
    private void AnnounceCapture()
    {
        var returned = _capture.TakeReturned();
        if (returned.Count > 0)
        {
            // A gap between two looks counts as one that was seen.
            _consumers.CaptureVerified(_capture.Verified.Except(returned).ToHashSet(StringComparer.Ordinal));
            _logger.CaptureReturned(_database.Name, string.Join(", ", returned.Order(StringComparer.Ordinal)));
        }

        _consumers.CaptureVerified(_capture.Verified);
    }
}
