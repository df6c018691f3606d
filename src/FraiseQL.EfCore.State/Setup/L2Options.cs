namespace FraiseQL.EfCore.State;

/// <summary>The second cache level: a server shared by all nodes, such as Redis.</summary>
public sealed class L2Options
{
    /// <summary>
    /// What the second level is meant to be. It is what was registered (<c>AddRedis</c>, <c>AddMemcached</c>, <c>AddDistributedCache</c>); another value
    /// than that is refused when the host starts, and <see cref="L2Backend.None"/> leaves a registered one unused.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: whatever was registered.</value>
    public L2Backend? Backend { get; set; }

    /// <summary>
    /// The address that <c>AddRedis()</c> and <c>AddMemcached()</c> take when they are given none: <c>redis://…</c>, <c>rediss://…</c>,
    /// <c>memcached://host:port,host:port</c>, or the client's own form. It may hold a password: no message and no log repeats it.
    /// </summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? Url { get; set; }

    /// <summary>What the keys begin with on the shared server.</summary>
    /// <value>The default value is <c>fraiseql:</c>.</value>
    public string KeyPrefix { get; set; } = "fraiseql:";

    /// <summary>How long a read of the shared server may take before the database is asked instead.</summary>
    /// <value>The default value is 100 ms.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a query waits for another node that is reading the same rows, when a result that this node had in memory has changed: one node asks
    /// the database, the others take its result from the shared server. With Redis and Memcached.
    /// </summary>
    /// <value>The default value is 100 ms. At most 30 seconds; zero never waits, and every node asks the database.</value>
    public TimeSpan LeaseWait { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a write to the shared server may take before it is given up. Writes are made in the background: no query waits for one.</summary>
    /// <value>The default value is 5 seconds.</value>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What the shared server is meant to keep at most, in megabytes of 1 048 576 bytes. The server keeps to its own limit; this one is compared
    /// with it when the host starts, and a warning says when the server has none, has a smaller one, or refuses writes when it is full.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: nothing is compared.</value>
    public int? MaxSizeMb { get; set; }

    /// <summary>The largest serialised result that is written to the shared server, in bytes; a larger one stays in memory only.</summary>
    /// <value>The default value is 1 000 000, which fits into an item of Memcached's default size.</value>
    public int MaxPayloadBytes { get; set; } = 1_000_000;

    /// <summary>How long the shared server is left alone after it failed.</summary>
    /// <value>The default value is 1 second.</value>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(1);
}
