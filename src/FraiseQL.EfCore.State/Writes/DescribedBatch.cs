using System.Data;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Npgsql;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>
/// A batch of SaveChanges with one statement before the others, which tells the triggers the context of the write. Npgsql's own batch counts the
/// statements by their position in the command, so that it would look for a row's conflict at its neighbour.
/// </summary>
internal sealed class DescribedBatch(ModificationCommandBatchFactoryDependencies dependencies, int? maxBatchSize, string description)
    : ReaderModificationCommandBatch(dependencies, maxBatchSize)
{
    private int _first;

    public override void Complete(bool moreBatchesExpected)
    {
        base.Complete(moreBatchesExpected);
        if (StoreCommand!.RelationalCommand is CachingRelationalCommand command)
        {
            command.Describe(description);
            _first = 1;
        }
    }

    // PostgreSQL gives the output parameters of a procedure as a row: they are not sent.
    protected override void AddParameter(IColumnModification columnModification)
    {
        if (columnModification.Column is not IStoreStoredProcedureParameter { Direction: ParameterDirection.Output })
        {
            base.AddParameter(columnModification);
        }
    }

    protected override void Consume(RelationalDataReader reader) => ConsumeAsync(reader, async: false, CancellationToken.None).GetAwaiter().GetResult();

    protected override Task ConsumeAsync(RelationalDataReader reader, CancellationToken cancellationToken = default)
        => ConsumeAsync(reader, async: true, cancellationToken);

    private async Task ConsumeAsync(RelationalDataReader reader, bool async, CancellationToken cancellationToken)
    {
        var rows = (NpgsqlDataReader)reader.DbDataReader;
        var at = 0;
        try
        {
            var isMore = false;
            while (at < ModificationCommands.Count)
            {
                var command = ModificationCommands[at];
                if (!ResultSetMappings[at].HasFlag(ResultSetMapping.HasResultRow))
                {
                    // A procedure does not say how many rows it has changed.
                    if (command.StoreStoredProcedure is null && Affected(rows, _first + at) != 1)
                    {
                        await ConflictAsync(reader, command, async, cancellationToken).ConfigureAwait(false);
                    }

                    at++;
                    continue;
                }

                if (!(async ? await reader.ReadAsync(cancellationToken).ConfigureAwait(false) : reader.Read())
                    || (command.RowsAffectedColumn is { } affected && rows.GetInt32(Ordinal(command, affected)) != 1))
                {
                    await ConflictAsync(reader, command, async, cancellationToken).ConfigureAwait(false);
                }

                command.PropagateResults(reader);
                at++; // what fails from here on is the next statement, or a deferred check
                isMore = async ? await rows.NextResultAsync(cancellationToken).ConfigureAwait(false) : rows.NextResult();
            }

            if (isMore)
            {
                Dependencies.UpdateLogger.UnexpectedTrailingResultSetWhenSaving();
            }
        }
        catch (Exception error) when (error is not (DbUpdateException or OperationCanceledException))
        {
            throw new DbUpdateException(
                RelationalStrings.UpdateStoreException, error, ModificationCommands[Math.Min(at, ModificationCommands.Count - 1)].Entries);
        }
    }

#pragma warning disable CS0618 // What Npgsql's own batch reads: the reader tells the rows of one statement nowhere else.
    private static ulong Affected(NpgsqlDataReader rows, int statement) => rows.Statements[statement].Rows;
#pragma warning restore CS0618

    private static int Ordinal(IReadOnlyModificationCommand command, IColumnBase column)
        => command.ColumnModifications
            .Where(m => m.Column is IStoreStoredProcedureParameter { Direction: ParameterDirection.Output or ParameterDirection.InputOutput })
            .TakeWhile(m => m.Column != column).Count();

    private async Task ConflictAsync(RelationalDataReader reader, IReadOnlyModificationCommand command, bool async, CancellationToken cancellationToken)
    {
        var conflict = new DbUpdateConcurrencyException(RelationalStrings.UpdateConcurrencyException(1, 0), command.Entries);
        var context = Dependencies.CurrentContext.Context;
        var logger = Dependencies.UpdateLogger;
        var answer = async
            ? await logger.OptimisticConcurrencyExceptionAsync(context, command.Entries, conflict, EventData, cancellationToken).ConfigureAwait(false)
            : logger.OptimisticConcurrencyException(context, command.Entries, conflict, EventData);
        if (!answer.IsSuppressed)
        {
            throw conflict;
        }

        ConcurrencyExceptionEventData EventData(
            DbContext current, DbUpdateConcurrencyException exception, IReadOnlyList<IUpdateEntry> entries, EventDefinition<Exception> definition)
            => new RelationalConcurrencyExceptionEventData(
                definition,
                static (d, data) => ((EventDefinition<Exception>)d).GenerateMessage(((ConcurrencyExceptionEventData)data).Exception),
                current, reader.RelationalConnection.DbConnection, reader.DbCommand, reader.DbDataReader, reader.CommandId,
                reader.RelationalConnection.ConnectionId, entries, exception);
    }
}
