using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
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
        var runtime = session.Runtime;
        var values = parameters.ParameterValues!;
        var database = session.DatabaseOf(parameters.Connection);
        var policy = plan.PolicyOf(runtime.Options.Cache, parameters.Context!, values, session.CacheAllTtl);
        if (session.WhyBypass(parameters.Connection, database, plan, policy) is { } reason)
        {
            session.Bypassed(plan, reason);
            return default;
        }

        if (KeyOf(plan, policy, database, parameters, out var refusal) is not { } key)
        {
            session.Refused(plan, refusal!);
            return default;
        }

        var lookup = new Lookup(key, database, policy, null);
        var freshness = Freshness.Stale;
        if (runtime.Store.FindInL1(key) is { } entry && (freshness = Check(entry, lookup, runtime)) == Freshness.Fresh)
        {
            return lookup with { Reader = Serve(entry, lookup, parameters.Connection, CacheOutcome.L1Hit) };
        }

        if (freshness == Freshness.Silent || (database.Ledger.Listening && database.Ledger.IsSilent))
        {
            session.Bypassed(plan, "silent");
            return default;
        }

        return lookup;
    }

    private CacheKey? KeyOf(
        QueryPlan plan, EffectivePolicy policy, DatabaseState database, RelationalCommandParameterObject parameters, out Refusal? refusal)
    {
        var runtime = _session!.Runtime;
        if (policy.PerUser && runtime.Scopes.User is null)
        {
            refusal = Refusal.UserScope;
            return null;
        }

        refusal = null;
        var values = parameters.ParameterValues!;
        var writer = new KeyWriter(stackalloc byte[384]);
        try
        {
            if (plan.TryWriteKey(ref writer, database.Identity, policy, values) is { } type)
            {
                refusal = Refusal.ParameterType(type.Name);
                return null;
            }

            if (!TryWriteScopes(ref writer, runtime.Scopes, parameters.Context!, policy.PerUser))
            {
                refusal = Refusal.ScopeFailed;
                return null;
            }

            var hash = KeyMemo.HashOf(writer.Written);
            var key = runtime.Keys.Find(writer.Written, hash);
            if (key is null)
            {
                key = plan.CreateKey(writer.Written.ToArray(), hash, policy, values);
                runtime.Keys.Remember(key);
            }

            return key;
        }
        finally
        {
            writer.Dispose();
        }
    }

    public static bool TryWriteScopes(ref KeyWriter writer, CacheScopes scopes, DbContext context, bool perUser)
    {
        try
        {
            scopes.Write(ref writer, context, perUser);
            return true;
        }
#pragma warning disable CA1031 // The application's function; its query goes on without the cache.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    public static bool IsServable(CachedEntry entry, Lookup lookup, StateRuntime runtime) => Check(entry, lookup, runtime) == Freshness.Fresh;

    private static Freshness Check(CachedEntry entry, Lookup lookup, StateRuntime runtime)
    {
        var freshness = lookup.Database.Ledger.Check(entry, lookup.Key!.Cells, lookup.Key.PendingCells);

        // Another call site may have stored the same query for longer than this one allows.
        return freshness == Freshness.Fresh && entry.Ttl > lookup.Policy.LongestTtl
            && runtime.Time.GetUtcNow() - entry.CreatedAt >= lookup.Policy.LongestTtl
                ? Freshness.Stale
                : freshness;
    }

    private CachedRelationalDataReader Serve(CachedEntry entry, Lookup lookup, IRelationalConnection connection, CacheOutcome outcome)
    {
        _session!.Served(outcome);
        if (outcome != CacheOutcome.Bypass)
        {
            _session.Observer?.Served(_plan!, lookup, entry);
        }

        var reader = _cachedReader ??= new CachedRelationalDataReader();
        reader.Open(entry.Rows, connection);
        return reader;
    }
}
