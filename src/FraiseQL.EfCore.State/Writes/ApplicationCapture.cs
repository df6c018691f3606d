using System.Data.Common;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>Writes the event log where the database has no triggers to do it (<c>Cdc:Triggers=false</c>), in the transaction of the write.</summary>
internal sealed class ApplicationCapture(StateSession session, IRelationalConnection connection, CaptureModel model)
{
    /// <summary>Saves, and logs what was saved, in one transaction.</summary>
    /// <param name="entries">What is saved.</param>
    /// <param name="save">Saves it.</param>
    /// <param name="saved">Called when it is saved and logged, before a transaction of its own is committed.</param>
    /// <param name="async">Whether to wait without a thread.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<int> SaveAsync(IList<IUpdateEntry> entries, Func<Task<int>> save, Action saved, bool async, CancellationToken cancellationToken)
    {
        var rows = new TouchedRows(entries, model);
        if (rows.IsEmpty || !await HasLogAsync(async, cancellationToken).ConfigureAwait(false))
        {
            var count = await save().ConfigureAwait(false);
            saved();
            return count;
        }

        return await OwnTransaction.RunAsync(
            connection,
            async () =>
            {
                await rows.LockAsync(CreateCommand, async, cancellationToken).ConfigureAwait(false);
                var count = await save().ConfigureAwait(false);
                await rows.LogAsync(CreateCommand, async, cancellationToken).ConfigureAwait(false);
                saved();
                return count;
            },
            async, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// What is sent behind a statement whose rows are not known; <see langword="null"/> when nothing may be, or there is no log. SQL of the
    /// application may have changed any table.
    /// </summary>
    public async Task<string?> TrailAsync(WritePlan? plan, string sql, bool async, CancellationToken cancellationToken)
    {
        if ((plan is null && !StateSession.IsInTransaction(connection) && !SqlText.IsPlainWrite(sql))
            || !await HasLogAsync(async, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var tables = plan?.Tables ?? model.Tables;
        return ";\n" + string.Concat(tables.Select(t => ApplicationCaptureSql.WriteAny(t, TouchedRows.NameOf(model.TableOf(t))))) + ApplicationCaptureSql.Ring;
    }

    private async Task<bool> HasLogAsync(bool async, CancellationToken cancellationToken)
    {
        var database = session.DatabaseOf(connection);
        if (database.HasLog)
        {
            return true;
        }

        _ = async ? await connection.OpenAsync(cancellationToken).ConfigureAwait(false) : connection.Open();
        try
        {
            var command = CreateCommand();
            await using var disposeCommand = command.ConfigureAwait(false);
            command.CommandText = ApplicationCaptureSql.HasLog;
            return database.HasLog = (bool)(async ? await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) : command.ExecuteScalar())!;
        }
        finally
        {
            _ = async ? await connection.CloseAsync().ConfigureAwait(false) : connection.Close();
        }
    }

    private DbCommand CreateCommand()
    {
        var command = connection.DbConnection.CreateCommand();
        command.Transaction = connection.CurrentTransaction?.GetDbTransaction();
        return command;
    }
}
