using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.Listener;
using Npgsql;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>The groups of handlers as they were when the database was last asked, on a connection that is open while somebody looks.</summary>
/// <remarks>Thread-safe: one question at a time, whoever comes meanwhile has the last answer.</remarks>
internal sealed class GroupWatch(ContextDatabase database) : IDisposable
{
    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1);
    private NpgsqlConnection? _connection;
    private volatile IReadOnlyList<HandlerGroupState> _groups = [];
    private volatile string? _error;
    private volatile bool _isDisposed;

    public IReadOnlyList<HandlerGroupState> Groups => _groups;

    /// <summary>The type of what went wrong, if it did.</summary>
    public string? Error => _error;

    public async Task ReadAsync()
    {
        if (_isDisposed || !await _turn.WaitAsync(0).ConfigureAwait(false))
        {
            return;
        }

        try
        {
            using var late = new CancellationTokenSource(s_budget);
            _connection ??= await database.OpenAsync("fraiseql-dashboard", late.Token).ConfigureAwait(false);
            _groups = await HandlerGroups.ListAsync(_connection, late.Token).ConfigureAwait(false);
            _error = null;
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            // Without a log there are no groups; the listener says what is missing.
            _groups = [];
        }
#pragma warning disable CA1031 // The page says that it does not know, and asks again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _error = error.GetType().Name;
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }

        if (_isDisposed)
        {
            Dispose();
        }
    }

    /// <summary>Nobody looks any more.</summary>
    public async Task EndAsync()
    {
        if (!_isDisposed && await _turn.WaitAsync(s_budget).ConfigureAwait(false))
        {
            try
            {
                await CloseAsync().ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>Closes the connection; a question that is under way closes it when it has its answer, since a connection serves one thread at a time.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (_turn.Wait(0))
        {
            // Kept for good: nobody may open another connection.
            _connection?.Dispose();
            _connection = null;
        }
    }

    private async Task CloseAsync()
    {
        if (_connection is { } open)
        {
            _connection = null;
            await open.DisposeAsync().ConfigureAwait(false);
        }
    }
}
