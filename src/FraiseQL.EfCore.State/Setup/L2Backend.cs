namespace FraiseQL.EfCore.State;

/// <summary>What the second cache level is.</summary>
public enum L2Backend
{
    /// <summary>There is none, whatever was registered.</summary>
    None,

    /// <summary>Redis: <c>AddRedis</c> of the package FraiseQL.EfCore.State.Redis.</summary>
    Redis,

    /// <summary>Memcached: <c>AddMemcached</c> of the package FraiseQL.EfCore.State.Memcached.</summary>
    Memcached,

    /// <summary>Any other <c>IDistributedCache</c>: <c>AddDistributedCache</c>.</summary>
    Custom,
}
