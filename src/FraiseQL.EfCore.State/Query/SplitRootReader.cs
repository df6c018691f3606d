using System.Data.Common;
using FraiseQL.EfCore.State.Rows;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

#pragma warning disable CA2215 // The base would dispose the command and close the connection, and here there is neither.

/// <summary>The root's rows of a split query, from memory; tells its run when EF has read them all.</summary>
internal sealed class SplitRootReader : RelationalDataReader
{
    private readonly RowSetDataReader _reader = new();
    private readonly IRelationalConnection _connection;
    private readonly SplitRun _run;
    private int _left;
    private bool _holdsConnection;

    /// <param name="rows">The rows.</param>
    /// <param name="connection">The context's connection.</param>
    /// <param name="run">Told when all rows are read.</param>
    /// <param name="holdsConnection">Whether the connection was opened for the children as well, and is closed with this reader.</param>
    public SplitRootReader(RowSet rows, IRelationalConnection connection, SplitRun run, bool holdsConnection)
    {
        _holdsConnection = holdsConnection;
        _connection = connection;
        _run = run;
        _left = rows.RowCount;
        _reader.Open(rows);
    }

    public override IRelationalConnection RelationalConnection => _connection;

    public override DbDataReader DbDataReader => _reader;

    public override DbCommand DbCommand => throw new InvalidOperationException("The rows come from the cache: no command was executed.");

    public override Guid CommandId => Guid.Empty;

    public override bool Read()
    {
        if (_reader.Read())
        {
            _left--;
            return true;
        }

        _run.RootRead();
        return false;
    }

    public override Task<bool> ReadAsync(CancellationToken cancellationToken = default)
        => cancellationToken.IsCancellationRequested ? Task.FromCanceled<bool>(cancellationToken) : Task.FromResult(Read());

    public override void Close()
    {
        _reader.Close();
        if (_holdsConnection)
        {
            _holdsConnection = false;
            _connection.Close();
        }
    }

    public override async ValueTask CloseAsync()
    {
        _reader.Close();
        if (_holdsConnection)
        {
            _holdsConnection = false;
            await _connection.CloseAsync().ConfigureAwait(false);
        }
    }

    public override void Dispose()
    {
        End();
        Close();
    }

    public override ValueTask DisposeAsync()
    {
        End();
        return CloseAsync();
    }

    // First() and the like do not ask for a row after the last one.
    private void End()
    {
        if (_left == 0)
        {
            _run.RootRead();
        }
    }
}
