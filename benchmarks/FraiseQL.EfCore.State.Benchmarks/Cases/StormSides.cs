using System.ComponentModel;
using System.Data.Common;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>One way to cache a row's version in a storm, on one node or two.</summary>
internal abstract class StormSide : IAsyncDisposable
{
    public abstract string Name { get; }

    /// <summary>A context for a reader or writer of a node.</summary>
    public abstract BlogContext Context(int node);

    public abstract ValueTask<int> ReadAsync(int node, BlogContext db, int id);

    /// <summary>What an application does after its commit.</summary>
    public abstract ValueTask WrittenAsync(int node, int id);

    public abstract ValueTask DisposeAsync();
}

/// <summary>This library: nothing is to be done after a commit.</summary>
internal sealed class StateSide(Node[] nodes) : StormSide
{
    private static readonly CompiledCacheableQuery<BlogContext, int, IReadOnlyList<Row>> s_query = CacheableQuery.Compile(
        (BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Select(p => new Row(p.Id, p.Views)).Cacheable(TimeSpan.FromHours(1)));

    public override string Name => "FraiseQL";

    public static async Task<StateSide> StartAsync(BenchWorld world, int nodes, IInterceptor slow)
    {
        var started = new Node[nodes];
        for (var i = 0; i < nodes; i++)
        {
            started[i] = await Node.StartAsync(world.ConnectionString, nodes > 1 ? world.Redis : null, interceptors: [slow]);
        }

        return new StateSide(started);
    }

    public override BlogContext Context(int node) => nodes[node].Context();

    public override async ValueTask<int> ReadAsync(int node, BlogContext db, int id) => (await s_query.ExecuteAsync(db, id))[0].Views;

    public override ValueTask WrittenAsync(int node, int id) => default;

    public override async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    internal sealed record Row(int Id, int Views);
}

/// <summary>HybridCache as one uses it: the removal follows the commit. Two nodes share a second level within this process, which answers at once.</summary>
internal sealed class HybridSide : StormSide
{
    private readonly ServiceProvider[] _services;
    private readonly HybridCache[] _caches;
    private readonly DbContextOptions<BlogContext> _options;
    private readonly bool _byTag;

    public HybridSide(BenchWorld world, int nodes, IInterceptor slow, bool byTag)
    {
        _byTag = byTag;
        _options = BenchWorld.Options(world.ConnectionString, state: false, slow);
        IDistributedCache shared = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions()));
        _services = [.. Enumerable.Range(0, nodes).Select(_ =>
        {
            var services = new ServiceCollection();
            if (nodes > 1)
            {
                services.AddSingleton(shared);
            }

            services.AddHybridCache();
            return services.BuildServiceProvider();
        })];
        _caches = [.. _services.Select(s => s.GetRequiredService<HybridCache>())];
    }

    public override string Name => _byTag ? "HybridCache tags" : "HybridCache keys";

    public override BlogContext Context(int node) => new(_options);

    public override async ValueTask<int> ReadAsync(int node, BlogContext db, int id)
        => (await _caches[node].GetOrCreateAsync(
            Key(id),
            (Options: _options, id),
            static async (state, cancellationToken) =>
            {
                // Not the caller's context: others may wait for this fill.
                await using var db = new BlogContext(state.Options);
                return new Version(await db.Posts.Where(p => p.Id == state.id).Select(p => p.Views).SingleAsync(cancellationToken));
            },
            tags: _byTag ? [Key(id)] : null)).Views;

    public override ValueTask WrittenAsync(int node, int id)
        => _byTag ? _caches[node].RemoveByTagAsync(Key(id)) : _caches[node].RemoveAsync(Key(id));

    public override async ValueTask DisposeAsync()
    {
        foreach (var services in _services)
        {
            await services.DisposeAsync();
        }
    }

    private static string Key(int id) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"post:{id}");

    [ImmutableObject(true)]
    internal sealed record Version(int Views);
}

/// <summary>Holds what a query has answered back, where it is asked to.</summary>
internal sealed class SlowQueries : DbCommandInterceptor
{
    public TimeSpan Pause { get; set; }

    public override async ValueTask<DbDataReader> ReaderExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
    {
        // Writes have neither: it is the readers' queries that are slow.
        if (Pause > TimeSpan.Zero && eventData.CommandSource == CommandSource.LinqQuery && command.Transaction is null)
        {
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        return result;
    }
}
