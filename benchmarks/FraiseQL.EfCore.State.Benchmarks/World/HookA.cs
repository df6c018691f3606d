using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>
/// The usual hook of a second-level cache, at its cheapest: an interceptor that suppresses the command and answers with prepared rows.
/// It computes no key, takes no lock and checks no freshness: the first result it sees is the answer for ever.
/// </summary>
internal sealed class HookA : DbCommandInterceptor
{
    private CannedReader.Rows? _rows;

    public override InterceptionResult<DbDataReader> ReaderExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
        => _rows is { } rows ? InterceptionResult<DbDataReader>.SuppressWithResult(new CannedReader(rows)) : result;

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(ReaderExecuting(command, eventData, result));

    public override DbDataReader ReaderExecuted(DbCommand command, CommandExecutedEventData eventData, DbDataReader result)
    {
        if (_rows is not null)
        {
            return result;
        }

        using (result)
        {
            _rows = CannedReader.Capture(result);
        }

        return new CannedReader(_rows);
    }

    public override ValueTask<DbDataReader> ReaderExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(ReaderExecuted(command, eventData, result));
}
