using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The row of <c>fraiseql.inbox</c> that says that a handler has done its work for an event.</summary>
/// <remarks>
/// Written on the connection of the handler's own context, beneath EF: to EF it would be SQL of the application, which may have changed
/// anything. Belongs to one attempt; not thread-safe.
/// </remarks>
internal sealed class InboxNote(Type contextType, IHandlerGroup group, HandlerRoute route, EventRecord record)
{
    // The owner that was replaced must not begin what its successor may have finished, and forgotten the note of. By the lock the successor finds
    // the sessions of one that stands still in the middle of it.
    private const string WriteSql =
        $"""
        with held as materialized (
                 select pg_advisory_xact_lock_shared({HandlerGroup.LockOfGroup}, ($6 % {HandlerGroup.LockFences})::int) from fraiseql.consumer where name = $1 and fence = $6),
             noted as (insert into fraiseql.inbox (consumer, handler, epoch, seq, tx) select $1, $2, $3, $4, $5 from held on conflict do nothing returning 1)
        select exists (select from noted) from held
        """;

    private const string ExistsSql =
        "select exists (select from fraiseql.inbox where consumer = $1 and handler = $2 and epoch = $3 and seq = $4)";

    private bool _isMine;

    /// <summary>Writes the note into the transaction that is open on the context.</summary>
    /// <returns>Whether there was none yet.</returns>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    public async Task<bool> TryWriteAsync(DbContext context, CancellationToken cancellationToken)
    {
        var command = Command(context, WriteSql);
        await using var _ = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Xid8, Value = record.Change.TransactionId });
        command.Parameters.Add(new NpgsqlParameter { Value = group.Fence });
        _isMine = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as bool? ?? throw new LeaseLostException();
        return _isMine;
    }

    public async Task<bool> ExistsAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (_isMine)
        {
            return false;
        }

        var context = Context(services);
        await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var command = Command(context, ExistsSql);
            await using var _ = command.ConfigureAwait(false);
            return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
        finally
        {
            await context.Database.CloseConnectionAsync().ConfigureAwait(false);
        }
    }

    public async Task WriteAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (_isMine)
        {
            return;
        }

        var context = Context(services);
        await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await TryWriteAsync(context, cancellationToken).ConfigureAwait(false);
            _isMine = false;
        }
        finally
        {
            await context.Database.CloseConnectionAsync().ConfigureAwait(false);
        }
    }

    private DbContext Context(IServiceProvider services) => (DbContext)services.GetRequiredService(contextType);

    private DbCommand Command(DbContext context, string sql)
    {
        var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.Transaction = context.Database.CurrentTransaction?.GetDbTransaction();
        foreach (var value in (ReadOnlySpan<object>)[group.Name, route.InboxName, record.Epoch, record.Change.Seq])
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
