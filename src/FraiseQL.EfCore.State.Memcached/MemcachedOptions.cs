namespace FraiseQL.EfCore.State;

/// <summary>How Memcached is reached. The time budgets are those of the shared level: <c>Cache:L2:Timeout</c> and <c>Cache:L2:WriteTimeout</c>.</summary>
/// <remarks>Used while services are registered; not thread-safe. There is no TLS and no authentication: keep the servers on a private network.</remarks>
public sealed class MemcachedOptions
{
    /// <summary>
    /// The servers, each <c>host</c>, <c>host:port</c> or <c>memcached://host:port</c>; the port is 11211 when none is given. Every node must
    /// have the same list, in any order: a key belongs to one server of it.
    /// </summary>
    /// <value>Empty at first; at least one is needed.</value>
    public IList<string> Servers { get; } = [];

    /// <summary>The most connections that are open to one server at the same time; further operations wait for one within their budget.</summary>
    /// <value>The default value is 32. From 1 to 1024.</value>
    public int MaxConnectionsPerServer { get; set; } = 32;

    /// <summary>How long a server that failed is left alone; its keys are misses meanwhile, and those of the others are not affected.</summary>
    /// <value>The default value is 1 second. From 100 ms to 5 minutes.</value>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);
}
