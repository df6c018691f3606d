using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace FraiseQL.EfCore.State.Query;

/// <summary>A command that writes: it tells the triggers the context of the write, in the same message to the server.</summary>
internal sealed partial class CachingRelationalCommand
{
    private const string ContextParameter = "fraiseql_ctx";

    // Local to the transaction; where the command is one by itself, its statements are one.
    private const string ContextSql = "SELECT pg_catalog.set_config('fraiseql.ctx', @" + ContextParameter + ", true);\n";

    private string? _description;
    private string? _trail;

    /// <summary>What the next executions say of themselves.</summary>
    public void Describe(string? description) => _description = description;

    private void AddDescription(DbCommand command)
    {
        // Where a parameter has no name, Npgsql takes the text as one statement.
        foreach (DbParameter parameter in command.Parameters)
        {
            if (parameter.ParameterName.Length == 0)
            {
                return;
            }
        }

#pragma warning disable CA2100 // A constant before the text that was there.
        command.CommandText = (_description is null ? "" : ContextSql) + command.CommandText + _trail;
#pragma warning restore CA2100
        if (_description is not null)
        {
            command.Parameters.Add(new NpgsqlParameter<string>(ContextParameter, _description));
        }
    }

    private RelationalDataReader ExecuteDescribed(RelationalCommandParameterObject parameters)
    {
        var started = Stopwatch.GetTimestamp();
        var reader = base.ExecuteReader(parameters);
        try
        {
            reader.DbDataReader.NextResult();
            return reader;
        }
        catch (Exception error)
        {
            parameters.Logger?.CommandError(
                parameters.Connection, reader.DbCommand, LogCommandText, parameters.Context, DbCommandMethod.ExecuteReader, reader.CommandId,
                parameters.Connection.ConnectionId, error, TimeProvider.System.GetUtcNow(), Stopwatch.GetElapsedTime(started), parameters.CommandSource);
            reader.Dispose();
            throw;
        }
    }

    private async Task<RelationalDataReader> ExecuteDescribedAsync(RelationalCommandParameterObject parameters, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var reader = await base.ExecuteReaderAsync(parameters, cancellationToken).ConfigureAwait(false);
        try
        {
            await reader.DbDataReader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch (Exception error)
        {
            if (parameters.Logger is { } logger)
            {
                await (Dependencies.ExceptionDetector.IsCancellation(error, cancellationToken)
                    ? logger.CommandCanceledAsync(
                        parameters.Connection, reader.DbCommand, LogCommandText, parameters.Context, DbCommandMethod.ExecuteReader, reader.CommandId,
                        parameters.Connection.ConnectionId, TimeProvider.System.GetUtcNow(), Stopwatch.GetElapsedTime(started),
                        parameters.CommandSource, CancellationToken.None)
                    : logger.CommandErrorAsync(
                        parameters.Connection, reader.DbCommand, LogCommandText, parameters.Context, DbCommandMethod.ExecuteReader, reader.CommandId,
                        parameters.Connection.ConnectionId, error, TimeProvider.System.GetUtcNow(), Stopwatch.GetElapsedTime(started),
                        parameters.CommandSource, CancellationToken.None)).ConfigureAwait(false);
            }

            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
