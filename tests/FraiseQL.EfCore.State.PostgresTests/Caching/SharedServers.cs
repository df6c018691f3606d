using System.Globalization;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>A server that nodes may share, of each kind that can be one.</summary>
public sealed class SharedServers : IAsyncDisposable
{
    private readonly RedisServer? _redis;
    private readonly MemcachedServer? _memcached;
    private readonly IDistributedCache _own = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions()));

    private SharedServers(string kind, RedisServer? redis, MemcachedServer? memcached)
    {
        Kind = kind;
        _redis = redis;
        _memcached = memcached;
    }

    public static TheoryData<string> Kinds => ["Redis", "Memcached", "IDistributedCache"];

    public static TheoryData<string> Remote => ["Redis", "Memcached"];

    public string Kind { get; }

    public static async Task<SharedServers> StartAsync(string kind) => new(
        kind,
        kind == "Redis" ? await RedisServer.StartPrivateAsync() : null,
        kind == "Memcached" ? await MemcachedServer.StartPrivateAsync() : null);

    public FaultyProxy Proxy()
    {
        var parts = (_redis?.ConnectionString ?? _memcached!.ConnectionString).Split(':');
        return FaultyProxy.Start(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Makes this the second level of a node, through a proxy if there is one.</summary>
    public void Use(FraiseQLStateBuilder state, FaultyProxy? proxy = null)
    {
        switch (Kind)
        {
            case "Redis":
                state.AddRedis(proxy?.Address ?? _redis!.ConnectionString);
                break;
            case "Memcached":
                state.AddMemcached(proxy?.Address ?? _memcached!.ConnectionString);
                break;
            default:
                state.AddDistributedCache(_ => _own);
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        if (_memcached is not null)
        {
            await _memcached.DisposeAsync();
        }
    }
}
