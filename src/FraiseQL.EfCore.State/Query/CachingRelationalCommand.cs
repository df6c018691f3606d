using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
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
    private bool _askForSnapshot;

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
    }

    public override RelationalDataReader ExecuteReader(RelationalCommandParameterObject parameterObject)
    {
        if (_plan is null || parameterObject.Context is null)
        {
            return base.ExecuteReader(parameterObject);
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
            return base.ExecuteReaderAsync(parameterObject, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<RelationalDataReader>(cancellationToken);
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
        if (_askForSnapshot)
        {
#pragma warning disable CA2100 // A constant before the text that EF made.
            command.CommandText = SnapshotQuery + command.CommandText;
#pragma warning restore CA2100
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

    private Lookup LookUp(RelationalCommandParameterObject parameters)
    {
        var session = SessionOf(parameters);
        var plan = _plan!;
        if (session.WhyBypass(parameters.Connection, plan) is { } reason)
        {
            session.Bypassed(plan, reason);
            return default;
        }

        var runtime = session.Runtime;
        var values = parameters.ParameterValues!;
        var ttl = plan.TtlOf(values, runtime.Options.Cache.DefaultTtl);
        var database = session.DatabaseOf(parameters.Connection);
        var writer = new KeyWriter(stackalloc byte[384]);
        CacheKey? key;
        try
        {
            if (plan.TryWriteKey(ref writer, database.Identity, values) is { } type)
            {
                session.Refused(plan, Refusal.ParameterType(type.Name));
                return default;
            }

            var hash = KeyMemo.HashOf(writer.Written);
            key = runtime.Keys.Find(writer.Written, hash);
            if (key is null)
            {
                key = plan.CreateKey(writer.Written.ToArray(), hash, values);
                runtime.Keys.Remember(key);
            }
        }
        finally
        {
            writer.Dispose();
        }

        var lookup = new Lookup(key, database, ttl, null);
        return runtime.Store.FindInL1(key) is { } entry && IsServable(entry, lookup, runtime)
            ? lookup with { Reader = Serve(entry, parameters.Connection, CacheOutcome.L1Hit) }
            : lookup;
    }

    private static bool IsServable(CachedEntry entry, Lookup lookup, Setup.StateRuntime runtime)
        => lookup.Database.Ledger.Check(entry, lookup.Key!.Cells, lookup.Key.PendingCells) == Freshness.Fresh

            // Another call site may have stored the same query for longer than this one allows.
            && (entry.Ttl <= lookup.Ttl || runtime.Time.GetUtcNow() - entry.CreatedAt < lookup.Ttl);

    private CachedRelationalDataReader Serve(CachedEntry entry, IRelationalConnection connection, CacheOutcome outcome)
    {
        _session!.Served(outcome);
        var reader = _cachedReader ??= new CachedRelationalDataReader();
        reader.Open(entry.Rows, connection);
        return reader;
    }

    /// <summary>What is known after the synchronous part: no key means that the cache takes no part in this execution.</summary>
    private readonly record struct Lookup(CacheKey? Key, Setup.DatabaseState Database, TimeSpan Ttl, RelationalDataReader? Reader);
}
