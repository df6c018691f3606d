using System.Data.Common;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Rows;

#pragma warning disable CA2215 // The base would dispose the command and close the connection, and here there is neither.

/// <summary>What EF receives instead of a reader over an open connection. Owns nothing but memory, so closing it closes no connection.</summary>
internal sealed class CachedRelationalDataReader : RelationalDataReader
{
    private readonly RowSetDataReader _reader = new();
    private IRelationalConnection _connection = null!;

    public override IRelationalConnection RelationalConnection => _connection;

    public override DbDataReader DbDataReader => _reader;

    public override DbCommand DbCommand => throw new InvalidOperationException("The rows come from the cache: no command was executed.");

    public override Guid CommandId => Guid.Empty;

    public void Open(RowSet rows, IRelationalConnection connection)
    {
        _connection = connection;
        _reader.Open(rows);
    }

    public override bool Read() => _reader.Read();

    public override Task<bool> ReadAsync(CancellationToken cancellationToken = default) => _reader.ReadAsync(cancellationToken);

    public override void Close() => _reader.Close();

    public override ValueTask CloseAsync()
    {
        _reader.Close();
        return default;
    }

    public override void Dispose() => _reader.Close();

    public override ValueTask DisposeAsync()
    {
        _reader.Close();
        return default;
    }
}
