using System.Data.Common;
using FraiseQL.EfCore.State.FrontEnd;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.Caching.Memory;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>
/// A context with the front end, or without, whose every command and compilation is seen. Its queries run within a transaction, where the cache takes
/// no part and so hides nothing. It has a model of its own, as EF keeps compiled queries by model, and compilations are counted.
/// </summary>
internal sealed class FrontEndWorld
{
    // EF's own holds about a thousand compiled queries and commands, and forgets one or another beyond that.
    private static readonly MemoryCache s_memory = new(new MemoryCacheOptions());

    private readonly DbContextOptions _options;
    private readonly Recorder _commands = new();
    private int _compiled;

    public FrontEndWorld(string connectionString, bool frontEnd)
    {
        var builder = new DbContextOptionsBuilder().UseNpgsql(connectionString).UseFraiseQLState().UseMemoryCache(s_memory)
            .ReplaceService<IModelCacheKeyFactory, ModelOfWorld>();
        if (frontEnd)
        {
            builder.UseFraiseQLState(o => o.UseFastFrontEnd());
        }

        // Neither of these is a service, so all worlds share EF's.
        builder.AddInterceptors(_commands)
            .LogTo((id, _) => id == CoreEventId.QueryCompilationStarting, _ => Interlocked.Increment(ref _compiled));
        _options = builder.Options;
    }

    public int Compiled => Volatile.Read(ref _compiled);

    public int KnownShapes => Shapes.Count(s => s.Executor is not null);

    public int OtherShapes => Shapes.Count(s => s.Executor is null);

    public BlogContext CreateContext() => new WorldContext(_options, this);

    /// <summary>Runs a query, and tells everything about it that can be seen.</summary>
    public async Task<string> SeeAsync(Func<BlogContext, Task<string>> ask)
    {
        await using var db = CreateContext();
        await using var transaction = await db.Database.BeginTransactionAsync();
        _commands.Sent.Clear();
        var before = Compiled;
        var answer = await ask(db);
        return $"{answer}\n{Graph.OfTracked(db)}\n{string.Join('\n', _commands.Sent)}\ncompiled {Compiled - before}";
    }

    private QueryShape[] Shapes
    {
        get
        {
            using var db = CreateContext();
            return db.GetService<ShapeTable>().All.Where(s => s.Tokens.OfType<IEntityType>().First().Model == db.Model).ToArray();
        }
    }

    private sealed class WorldContext(DbContextOptions options, FrontEndWorld world) : BlogContext(options)
    {
        public FrontEndWorld World { get; } = world;
    }

    private sealed class ModelOfWorld : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context.GetType(), (context as WorldContext)?.World, designTime);
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
}
