using System.Data.Common;
using System.Linq.Expressions;
using FraiseQL.EfCore.State.FrontEnd;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>
/// A context with the front end, or without, whose every command and compilation is seen. Its queries run within a transaction, where the cache takes
/// no part and so hides nothing.
/// </summary>
internal sealed class FrontEndWorld
{
    private readonly DbContextOptions<BlogContext> _options;
    private readonly Recorder _commands = new();
    private readonly Compilations _compilations = new();

    public FrontEndWorld(string connectionString, bool frontEnd, Action<DbContextOptionsBuilder>? configure = null)
    {
        var builder = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(connectionString);
        builder.UseFraiseQLState(o =>
        {
            if (frontEnd)
            {
                o.UseFastFrontEnd();
            }
        });
        builder.AddInterceptors(_commands, _compilations).ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
        configure?.Invoke(builder);
        _options = builder.Options;
    }

    public int Compiled => Volatile.Read(ref _compilations.Count);

    public int KnownShapes => Shapes.Count(s => s.Executor is not null);

    public int OtherShapes => Shapes.Count(s => s.Executor is null);

    public BlogContext CreateContext() => new(_options);

    /// <summary>Runs a query, and tells everything about it that can be seen.</summary>
    public async Task<string> SeeAsync(Func<BlogContext, Task<string>> ask)
    {
        await using var db = CreateContext();
        await using var transaction = await db.Database.BeginTransactionAsync();
        _commands.Sent.Clear();
        var answer = await ask(db);
        return $"{answer}\n{Graph.OfTracked(db)}\n{string.Join('\n', _commands.Sent)}\ncompiled {Compiled}";
    }

    private IEnumerable<QueryShape> Shapes
    {
        get
        {
            using var db = CreateContext();
            return db.GetService<ShapeTable>().All;
        }
    }

    private sealed class Recorder : DbCommandInterceptor
    {
        public List<string> Sent { get; } = [];

        public override InterceptionResult<DbDataReader> ReaderExecuting(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
        {
            var parameters = command.Parameters.Cast<DbParameter>().Select(p => $"{p.ParameterName}={Graph.Of(p.Value)}:{p.DbType}");
            Sent.Add($"{command.CommandText}\n{string.Join(", ", parameters)}");
            return result;
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
            => ValueTask.FromResult(ReaderExecuting(command, eventData, result));
    }

    private sealed class Compilations : IQueryExpressionInterceptor
    {
        public int Count;

        public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData)
        {
            Interlocked.Increment(ref Count);
            return queryExpression;
        }
    }
}
