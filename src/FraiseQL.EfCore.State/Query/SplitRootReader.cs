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

    public SplitRootReader(RowSet rows, IRelationalConnection connection, SplitRun run)
    {
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

    public override void Close() => _reader.Close();

    public override ValueTask CloseAsync()
    {
        _reader.Close();
        return default;
    }

    public override void Dispose()
    {
        // First() and the like do not ask for a row after the last one.
        if (_left == 0)
        {
            _run.RootRead();
        }

        _reader.Close();
    }

    public override ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
