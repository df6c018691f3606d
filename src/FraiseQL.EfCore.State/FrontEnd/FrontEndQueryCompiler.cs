using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql.EntityFrameworkCore.PostgreSQL.Query.Internal;

// There is no public place between a LINQ tree and EF's compiled query: decision 0232. This is the only file that uses EF's internal API, and
// nothing reaches it without UseFastFrontEnd(); a test holds both.
#pragma warning disable EF1001, EF9101 // The second: what counts hits of compiled queries, as EF does.

namespace FraiseQL.EfCore.State.FrontEnd;

/// <summary>
/// Finds the compiled query of a tree whose shape it has seen before without EF's extraction of parameters and without EF's key. A tree that it does
/// not know, or does not understand, goes the way that it goes without this class.
/// </summary>
internal sealed class FrontEndQueryCompiler : QueryCompiler
{
    // A query that is no query: EF's own key of it holds everything that decides between two compilations of one tree.
    private static readonly Expression s_nothing = Expression.Empty();

    private readonly IQueryContextFactory _contexts;
    private readonly ICompiledQueryCache _compiled;
    private readonly ICompiledQueryCacheKeyGenerator _keys;
    private readonly IDatabase _database;
    private readonly IDiagnosticsLogger<DbLoggerCategory.Query> _logger;
    private readonly DbContext _context;
    private readonly IModel _model;
    private readonly ShapeTable _shapes;
    private readonly bool _takesAll;
    private readonly bool _knowsKeys;
    private Surroundings? _sync;
    private Surroundings? _async;

    public FrontEndQueryCompiler(
        IQueryContextFactory queryContextFactory,
        ICompiledQueryCache compiledQueryCache,
        ICompiledQueryCacheKeyGenerator compiledQueryCacheKeyGenerator,
        IDatabase database,
        IDiagnosticsLogger<DbLoggerCategory.Query> logger,
        ICurrentDbContext currentContext,
        IEvaluatableExpressionFilter evaluatableExpressionFilter,
        IModel model,
        IDbContextOptions options,
        ShapeTable shapes)
        : base(queryContextFactory, compiledQueryCache, compiledQueryCacheKeyGenerator, database, logger, currentContext, evaluatableExpressionFilter, model)
    {
        _contexts = queryContextFactory;
        _compiled = compiledQueryCache;
        _keys = compiledQueryCacheKeyGenerator;
        _database = database;
        _logger = logger;
        _context = currentContext.Context;
        _model = model;
        _shapes = shapes;
        _takesAll = options.FindExtension<FraiseQLStateOptionsExtension>()?.CachesAllQueries == true;

        // What another generator puts into its keys may change from one execution to the next.
        _knowsKeys = compiledQueryCacheKeyGenerator.GetType() == typeof(NpgsqlCompiledQueryCacheKeyGenerator);
    }

    /// <summary>The service of EF whose place this class takes.</summary>
    public static Type Replaced => typeof(IQueryCompiler);

    /// <exception cref="InvalidOperationException">Another package has put a compiler of its own into EF's place.</exception>
    public static void AddTo(IServiceCollection services)
    {
        var registered = services.LastOrDefault(s => s.ServiceType == typeof(IQueryCompiler) && !s.IsKeyedService)?.ImplementationType;
        if (registered == typeof(FrontEndQueryCompiler))
        {
            return;
        }

        if (registered != typeof(QueryCompiler))
        {
            throw new InvalidOperationException(StateStrings.ForeignQueryCompiler(registered?.FullName));
        }

        services.TryAddSingleton<ShapeTable>();
        services.Replace(ServiceDescriptor.Scoped<IQueryCompiler, FrontEndQueryCompiler>());
    }

    public override TResult Execute<TResult>(Expression query)
        => Takes(query) && TryFind<TResult>(query, async: false, CancellationToken.None, out var executor, out var context)
            ? executor(context)
            : base.Execute<TResult>(query);

    public override TResult ExecuteAsync<TResult>(Expression query, CancellationToken cancellationToken = default)
        => Takes(query) && TryFind<TResult>(query, async: true, cancellationToken, out var executor, out var context)
            ? executor(context)
            : base.ExecuteAsync<TResult>(query, cancellationToken);

    private bool Takes(Expression query)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            return false;
        }

        while (!_takesAll)
        {
            switch (query)
            {
                case CacheableExpression mark:
                    return !mark.Options.IsNever;
                case MethodCallExpression call when call.Object is null && ((IArgumentProvider)call).ArgumentCount > 0:
                    query = ((IArgumentProvider)call).GetArgument(0);
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private bool TryFind<TResult>(
        Expression query,
        bool async,
        CancellationToken cancellationToken,
        [NotNullWhen(true)] out Func<QueryContext, TResult>? executor,
        [NotNullWhen(true)] out QueryContext? context)
    {
        executor = null;
        context = null;
        var surroundings = SurroundingsOf(async);
        var reader = ShapeReader.Rent();
        try
        {
            if (!reader.TryRead(query, surroundings.Key, surroundings.Hash, typeof(TResult)))
            {
                return false;
            }

            var shape = _shapes.Find(reader);
            if (shape is { Executor: null })
            {
                return false;
            }

            context = _contexts.Create();
            context.CancellationToken = cancellationToken;
            if (shape is null)
            {
                executor = Learn<TResult>(query, async, context, reader);
                return true;
            }

            if (!shape.TryFill(context.Parameters, reader))
            {
                return false;
            }

            EntityFrameworkMetricsData.ReportCompiledQueryCacheHit();
            executor = (Func<QueryContext, TResult>)shape.Executor;
            return true;
        }
        finally
        {
            reader.Return();
        }
    }

    // What EF does, with EF's parts; then the shape is kept together with what EF has found.
    private Func<QueryContext, TResult> Learn<TResult>(Expression query, bool async, QueryContext context, ShapeReader reader)
    {
        var extracted = ExtractParameters(query, context.Parameters, _logger);
        var executor = _compiled.GetOrAddQuery(
            _keys.GenerateCacheKey(extracted, async), () => CompileQueryCore<TResult>(_database, extracted, _model, async));
        var arguments = Extraction.Explain(query, extracted, context.Parameters, reader);
        _shapes.Add(reader.ToShape(arguments is null ? null : executor, arguments ?? []));
        return executor;
    }

    private Surroundings SurroundingsOf(bool async)
    {
        var tracking = _context.ChangeTracker.QueryTrackingBehavior;
        var retries = ExecutionStrategy.Current?.RetriesOnFailure;
        var known = async ? _async : _sync;
        if (known is not null && _knowsKeys && known.Tracking == tracking && known.Retries == retries)
        {
            return known;
        }

        var key = _keys.GenerateCacheKey(s_nothing, async);
        var made = new Surroundings(key, key.GetHashCode(), tracking, retries);
        return async ? _async = made : _sync = made;
    }

    private sealed record Surroundings(object Key, int Hash, QueryTrackingBehavior Tracking, bool? Retries);
}
