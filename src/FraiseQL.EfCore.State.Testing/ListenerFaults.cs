using System.Globalization;
using FraiseQL.EfCore.State.Listener;
using Npgsql;

namespace FraiseQL.EfCore.State.Testing;

/// <summary>Ends the listener's connection as a server does, and refuses it the next ones. Thread-safe.</summary>
internal sealed class ListenerFaults : IConnectionFaults
{
    private readonly Lock _gate = new();
    private int _processId;
    private bool _isCut;

    public Lazy<ContextDatabase>? Database { get; set; }

    public void Opening(string purpose)
    {
        lock (_gate)
        {
            if (_isCut && purpose == ListenerSession.ConnectionPurpose)
            {
                throw new NpgsqlException(TestingStrings.ListenerCut);
            }
        }
    }

    public void Opened(string purpose, int processId)
    {
        if (purpose != ListenerSession.ConnectionPurpose)
        {
            return;
        }

        lock (_gate)
        {
            _processId = processId;
        }

        // Cut while it was being opened.
        Opening(purpose);
    }

    public async Task CutAsync(CancellationToken cancellationToken)
    {
        int process;
        lock (_gate)
        {
            _isCut = true;
            process = _processId;
        }

        if (process == 0 || Database is null)
        {
            return;
        }

        try
        {
            var connection = await Database.Value.OpenAsync(StateFaults.Purpose, cancellationToken).ConfigureAwait(false);
            await using var _ = connection.ConfigureAwait(false);

            // A role may end its own sessions. The name as well: the server may have given the number to another one since.
            var command = new NpgsqlCommand(
                "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where pid = $1 and application_name like $2", connection);
            await using var __ = command.ConfigureAwait(false);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = process });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = string.Create(CultureInfo.InvariantCulture, $"%{ListenerSession.ConnectionPurpose}") });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException)
        {
            // A server that cannot be reached has no listener either.
        }
    }

    public void Restore()
    {
        lock (_gate)
        {
            _isCut = false;
        }
    }
}
