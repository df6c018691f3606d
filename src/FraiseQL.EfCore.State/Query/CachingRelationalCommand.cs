using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Statistics;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// A command that answers from the cache before a <see cref="System.Data.Common.DbCommand"/> or a connection exists. As EF's own: one instance
/// is the template that EF caches, others are rented by one connection at a time and take over the template's plan.
/// </summary>
internal sealed partial class CachingRelationalCommand : RelationalCommand
{
    private QueryPlan? _plan;
    private WritePlan? _writes;
    private StateSession? _session;
    private CachedRelationalDataReader? _cachedReader;
    private Task<RelationalDataReader>? _cachedReaderTask;
    private long _startedAt; // 0 when nobody wants to know how long a hit takes
    private long _filledFrom;
    private string? _prefix;
    private string? _suffix;

    public CachingRelationalCommand(
        RelationalCommandBuilderDependencies dependencies,
        string commandText,
        string logCommandText,
        IReadOnlyList<IRelationalParameter> parameters)
        : base(dependencies, commandText, logCommandText, parameters)
    {
    }

    public CachingRelationalCommand With(QueryPlan plan, string commandText, string logCommandText)
        => new(Dependencies, commandText, logCommandText, Parameters) { _plan = plan };

    public CachingRelationalCommand With(WritePlan? writes)
    {
        _writes = writes;
        return this;
    }

    public override void PopulateFrom(IRelationalCommandTemplate commandTemplate)
    {
        base.PopulateFrom(commandTemplate);
        var template = commandTemplate as CachingRelationalCommand;
        _plan = template?._plan;
        _writes = template?._writes;
        _description = null;
        _trail = null;
    }

    public override RelationalDataReader ExecuteReader(RelationalCommandParameterObject parameterObject)
    {
        if (_plan is null || parameterObject.Context is null)
        {
            return _description is null ? base.ExecuteReader(parameterObject) : ExecuteDescribed(parameterObject);
        }

        _startedAt = QueryTallies.Samples() ? TimeProvider.System.GetTimestamp() : StateMetrics.Started();
        if (LacksCatalog(parameterObject))
        {
            return ExecuteAfterCatalogAsync(parameterObject, async: false, CancellationToken.None).GetAwaiter().GetResult();
        }

        if (_plan.Policy.IsSplit)
        {
            return ExecuteSplitAsync(parameterObject, async: false, CancellationToken.None).GetAwaiter().GetResult();
        }

        var lookup = LookUp(parameterObject);
        return lookup.Reader
            ?? (lookup.Key is null
                ? base.ExecuteReader(parameterObject)
                : FillAsync(parameterObject, lookup, async: false, CancellationToken.None).AsTask().GetAwaiter().GetResult());
    }

    public override Task<RelationalDataReader> ExecuteReaderAsync(
        RelationalCommandParameterObject parameterObject, CancellationToken cancellationToken = default)
    {
        if (_plan is null || parameterObject.Context is null)
        {
            return _description is null
                ? base.ExecuteReaderAsync(parameterObject, cancellationToken)
                : ExecuteDescribedAsync(parameterObject, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<RelationalDataReader>(cancellationToken);
        }

        _startedAt = QueryTallies.Samples() ? TimeProvider.System.GetTimestamp() : StateMetrics.Started();
        if (LacksCatalog(parameterObject))
        {
            return ExecuteAfterCatalogAsync(parameterObject, async: true, cancellationToken);
        }

        if (_plan.Policy.IsSplit)
        {
            return ExecuteSplitAsync(parameterObject, async: true, cancellationToken);
        }

        var lookup = LookUp(parameterObject);
        return lookup.Reader is not null
            ? _cachedReaderTask ??= Task.FromResult(lookup.Reader)
            : lookup.Key is null
                ? base.ExecuteReaderAsync(parameterObject, cancellationToken)
                : FillAsync(parameterObject, lookup, async: true, cancellationToken).AsTask();
    }

    public override int ExecuteNonQuery(RelationalCommandParameterObject parameterObject)
    {
        if (!IsUntrackedWrite(parameterObject))
        {
            return base.ExecuteNonQuery(parameterObject);
        }

        var write = SessionOf(parameterObject).BeginUntracked(parameterObject.Connection, _writes);
        _description = _session!.DescribeUntracked(_writes is null ? CommandText : null);
        _trail = _session.Capture?.TrailAsync(_writes, CommandText, async: false, CancellationToken.None).GetAwaiter().GetResult();
        try
        {
            var affected = base.ExecuteNonQuery(parameterObject);
            write.Succeeded(affected);
            return affected;
        }
        catch (Exception exception)
        {
            write.Failed(exception);
            throw;
        }
    }

    public override async Task<int> ExecuteNonQueryAsync(
        RelationalCommandParameterObject parameterObject, CancellationToken cancellationToken = default)
    {
        if (!IsUntrackedWrite(parameterObject))
        {
            return await base.ExecuteNonQueryAsync(parameterObject, cancellationToken).ConfigureAwait(false);
        }

        var write = SessionOf(parameterObject).BeginUntracked(parameterObject.Connection, _writes);
        _description = _session!.DescribeUntracked(_writes is null ? CommandText : null);
        _trail = _session.Capture is { } capture
            ? await capture.TrailAsync(_writes, CommandText, async: true, cancellationToken).ConfigureAwait(false)
            : null;
        try
        {
            var affected = await base.ExecuteNonQueryAsync(parameterObject, cancellationToken).ConfigureAwait(false);
            write.Succeeded(affected);
            return affected;
        }
        catch (Exception exception)
        {
            write.Failed(exception);
            throw;
        }
    }

    public override System.Data.Common.DbCommand CreateDbCommand(
        RelationalCommandParameterObject parameterObject, Guid commandId, DbCommandMethod commandMethod)
    {
        var command = base.CreateDbCommand(parameterObject, commandId, commandMethod);
        if (_prefix is not null)
        {
#pragma warning disable CA2100 // Made of constants and quoted names, before the text that EF made.
            command.CommandText = _prefix + command.CommandText + _suffix;
#pragma warning restore CA2100
        }

        else if (_description is not null || _trail is not null)
        {
            AddDescription(command);
        }

        // EF makes a command that it does not execute for ToQueryString and CreateDbCommand, and so for EXPLAIN.
        else if (CacheExplanation.Requested is { } request)
        {
            request.Explain(this, parameterObject);
        }

        return command;
    }

    private static bool IsUntrackedWriteSource(CommandSource source)
        => source is CommandSource.ExecuteSqlRaw or CommandSource.ExecuteUpdate or CommandSource.ExecuteDelete;

    private bool IsUntrackedWrite(RelationalCommandParameterObject parameters)
        => parameters.Context is not null && (_writes is not null || IsUntrackedWriteSource(parameters.CommandSource));

    // The session is the context's, as the connection is, and this instance is rented by that connection alone.
    private StateSession SessionOf(RelationalCommandParameterObject parameters)
        => _session ??= parameters.Context!.GetService<StateSession>();
}
