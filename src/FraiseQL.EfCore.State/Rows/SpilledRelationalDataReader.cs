using System.Data.Common;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Rows;

#pragma warning disable CA2215 // Closing and disposing are the live reader's: it owns command and connection.

/// <summary>EF's view of a <see cref="SpilledDataReader"/>.</summary>
internal sealed class SpilledRelationalDataReader(RowSet head, RelationalDataReader live) : RelationalDataReader
{
    private readonly SpilledDataReader _reader = new(head, live.DbDataReader);

    public override IRelationalConnection RelationalConnection => live.RelationalConnection;

    public override DbDataReader DbDataReader => _reader;

    public override DbCommand DbCommand => live.DbCommand;

    public override Guid CommandId => live.CommandId;

    public override bool Read() => _reader.Read();

    public override Task<bool> ReadAsync(CancellationToken cancellationToken = default) => _reader.ReadAsync(cancellationToken);

    public override void Close() => live.Close();

    public override ValueTask CloseAsync() => live.CloseAsync();

    public override void Dispose() => live.Dispose();

    public override ValueTask DisposeAsync() => live.DisposeAsync();
}
