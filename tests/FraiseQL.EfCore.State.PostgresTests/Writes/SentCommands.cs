using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

/// <summary>The texts of all commands, and how many of them EF says have failed.</summary>
internal sealed class SentCommands : DbCommandInterceptor
{
    private readonly ConcurrentQueue<string> _texts = new();
    private int _failed;

    public IReadOnlyCollection<string> Texts => _texts;

    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Called before a command that returns rows is sent.</summary>
    public Action<DbCommand>? BeforeReader { get; set; }

    public void Clear() => _texts.Clear();

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        _texts.Enqueue(command.CommandText);
        BeforeReader?.Invoke(command);
        return new(result);
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        _texts.Enqueue(command.CommandText);
        return new(result);
    }

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => Interlocked.Increment(ref _failed);

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _failed);
        return Task.CompletedTask;
    }
}
