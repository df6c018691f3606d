using System.Data;

namespace FraiseQL.EfCore.State;

/// <summary>
/// Everything that can be configured, as one object. Bound from the section given to <c>AddFraiseQLState</c>
/// (by convention <c>FraiseQL:State</c>) and checked when the host starts; an unknown key is refused.
/// </summary>
/// <remarks>
/// Settable until the host starts; read-only afterwards. Not thread-safe while being set. When the section changes while the host runs, times to live,
/// profiles and a few more apply at once (docs/configuration.md); a change that is wrong is refused as a whole.
/// </remarks>
public sealed class FraiseQLStateOptions
{
    /// <summary>The cache of query results.</summary>
    public CacheOptions Cache { get; } = new();

    /// <summary>Change data capture: the event log and its listener.</summary>
    public CdcOptions Cdc { get; } = new();

    /// <summary>How old a cached read may be, and when the cache must not be used.</summary>
    public ConsistencyOptions Consistency { get; } = new();
}

/// <summary>The cache of query results.</summary>
public sealed class CacheOptions
{
    /// <summary>Whether <c>.Cacheable</c> queries are served from the cache; when not, they always read the database.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Whether results that are sequences are cached too; when not, only single rows and scalars are (<c>First</c>, <c>Count</c>, <c>Any</c>).</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Lists { get; set; } = true;

    /// <summary>The time to live of <c>.Cacheable()</c> without an argument.</summary>
    /// <value>The default value is 5 minutes. More than zero, at most 365 days.</value>
    public TimeSpan DefaultTtl { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Until when results are served beyond their time to live, as long as the event log proves that nothing they depend on has changed; for queries
    /// and profiles that do not say it themselves.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: the time to live ends every result. More than zero, at most 365 days.</value>
    public TimeSpan? WhileProven { get; set; }

    /// <summary>The largest number of rows of one cached result; a larger result is streamed and not cached.</summary>
    /// <value>The default value is 10 000.</value>
    public int MaxRows { get; set; } = 10_000;

    /// <summary>The largest size of one cached result, in bytes; a larger result is streamed and not cached.</summary>
    /// <value>The default value is 4 MiB.</value>
    public int MaxEntryBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// A text of your own in every key: with another one, nothing that was cached before is found. For a deployment that must not read what
    /// the one before it wrote.
    /// </summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? Version { get; set; }

    /// <summary>Kinds of queries by name, for <c>.Cacheable("name")</c>. Names are compared without regard to case.</summary>
    /// <value>At first the four of <see cref="CacheProfile"/>, which may be altered.</value>
    public IDictionary<string, CacheProfileOptions> Profiles { get; } = new Dictionary<string, CacheProfileOptions>(StringComparer.OrdinalIgnoreCase)
    {
        [CacheProfile.Static] = new() { Ttl = TimeSpan.FromHours(1), MissBudget = TimeSpan.FromSeconds(1), Reason = "changes seldom" },
        [CacheProfile.UserSpecific] = new()
        {
            Ttl = TimeSpan.FromMinutes(5), PerUser = true, MissBudget = TimeSpan.FromMilliseconds(100), Reason = "one user's data",
        },
        [CacheProfile.RealTime] = new() { Ttl = TimeSpan.FromSeconds(10), MissBudget = TimeSpan.FromMilliseconds(100), Reason = "changes all the time" },
        [CacheProfile.Personalized] = new()
        {
            Ttl = TimeSpan.FromSeconds(30), PerUser = true, MissBudget = TimeSpan.FromMilliseconds(500), Reason = "made for one user",
        },
    };

    /// <summary>The first level: this process's memory.</summary>
    public L1Options L1 { get; } = new();

    /// <summary>The second level: a server shared by all nodes.</summary>
    public L2Options L2 { get; } = new();

    /// <summary>What ends cached results, and how the changes that do are read.</summary>
    public InvalidationOptions Invalidation { get; } = new();

    /// <summary>Whether what <c>AddWarmup</c> and <c>OnStartup</c> registered runs when the host starts; without them, nothing runs.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool WarmupOnStartup { get; set; } = true;

    /// <summary>How the cache is warmed.</summary>
    public WarmupOptions Warmup { get; } = new();
}

/// <summary>Change data capture: the event log and its listener.</summary>
public sealed class CdcOptions
{
    /// <summary>Whether this process listens to the event log. The triggers in the database are not affected.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Whether triggers in the database write the event log, for every program. Otherwise this library writes it, for its own <c>SaveChanges</c>,
    /// <c>ExecuteUpdate</c>, <c>ExecuteDelete</c> and <c>ExecuteSql</c> only, and the next migration removes the triggers.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Triggers { get; set; } = true;

    /// <summary>
    /// Whether writes say who made them and in which trace: what <c>DescribeWrites</c> gives, the tenant of <c>VaryBy("tenant", …)</c> and
    /// the trace parent of the current activity. Where there is nothing to say, nothing is sent.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool WriteContext { get; set; } = true;

    /// <summary>What wakes the listener.</summary>
    /// <value>The default value is <see cref="CdcTransport.Notify"/>.</value>
    public CdcTransport Transport { get; set; } = CdcTransport.Notify;

    /// <summary>The longest pause between two looks at the log while something happens, in case every notification is lost.</summary>
    /// <value>The default value is 100 ms.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two looks at the log while nothing happens; it is the heartbeat too.</summary>
    /// <value>The default value is 1 second.</value>
    public TimeSpan IdlePollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the listener waits for the server's answer to a look at the log before it takes the connection for dead and makes another.
    /// Each look is a sign of life, at least every <see cref="IdlePollInterval"/>, so no other probe is needed.
    /// </summary>
    /// <value>The default value is 15 seconds. From 1 second to 10 minutes; parts of a second count as a whole one.</value>
    public TimeSpan ListenTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest pause before the listener tries to connect again.</summary>
    /// <value>The default value is 5 seconds; the first attempts come much sooner.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How handlers that fail are tried again.</summary>
    public HandlerRetryOptions Retry { get; } = new();

    /// <summary>How long a node that is not heard of keeps the handlers before another node takes them over.</summary>
    /// <value>The default value is 5 seconds. From 1 second to 10 minutes.</value>
    public TimeSpan HandlerLease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The name under which the handlers' position is kept in the database. Nodes with the same name share the events; two applications
    /// that each need every event must have different names. A new name begins with the changes after its first start.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: <c>handlers:</c> and the name of the context type.</value>
    public string? HandlerGroup { get; set; }

    /// <summary>
    /// How long events stay in the log. Older ones are removed in the background, by one node, and only when every group has handled them.
    /// </summary>
    /// <value>The default value is 7 days. From 1 minute to 10 years; zero removes nothing.</value>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How long the log waits for a group that does not read on. After it the group is marked expired and reported, events that it has not handled
    /// may be removed, and it begins at the end of the log when it comes back.
    /// </summary>
    /// <value>The default value is 30 days. At least <see cref="Retention"/>.</value>
    public TimeSpan RetentionHold { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How far back a node that starts reads the log, so that it can prove, and use at once, what other nodes have stored on the shared server. Only
    /// with a shared level.
    /// </summary>
    /// <value>The default value is 1 hour. At most 7 days; zero replays nothing: then only what is stored after the start is used.</value>
    public TimeSpan Replay { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The most events that are replayed: with more, the replay reaches less far back. It bounds what a start costs.</summary>
    /// <value>The default value is 50 000. From 0 to 10 000 000; 0 replays nothing.</value>
    public int MaxReplayedEvents { get; set; } = 50_000;
}

/// <summary>How old a cached read may be, and when the cache must not be used.</summary>
public sealed class ConsistencyOptions
{
    /// <summary>The level of queries that do not say, and whose profile and entities do not.</summary>
    /// <value>The default value is <see cref="ConsistencyLevel.ReadYourWrites"/>.</value>
    public ConsistencyLevel Default { get; set; }

    /// <summary>The bound of <see cref="ConsistencyLevel.BoundedStaleness"/> where it is not said with the level.</summary>
    /// <value>The default value is <see langword="null"/>. At least twice <see cref="CdcOptions.IdlePollInterval"/>.</value>
    public TimeSpan? MaxStaleness { get; set; }

    /// <summary>
    /// How long a strict query, or one with a <see cref="ConsistencyToken"/>, waits for a look at the event log before it reads the database instead.
    /// </summary>
    /// <value>The default value is 250 ms. Zero reads the database at once; at most 30 seconds.</value>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The isolation of transactions for which the application names none: those of <c>SaveChanges</c>, and of <c>BeginTransaction()</c>. With
    /// <see cref="IsolationLevel.Serializable"/> conflicts end one of two transactions with an error (40001) that <c>EnableRetryOnFailure()</c> of
    /// <c>UseNpgsql</c> retries.
    /// </summary>
    /// <value>
    /// The default value is <see langword="null"/>: the database's default, which is READ COMMITTED unless somebody has changed it.
    /// <see cref="IsolationLevel.ReadCommitted"/>, <see cref="IsolationLevel.RepeatableRead"/> or <see cref="IsolationLevel.Serializable"/>.
    /// </value>
    public IsolationLevel? Isolation { get; set; }

    /// <summary>
    /// How long the listener may have heard nothing from the database before cached rows are no longer served.
    /// It bounds the staleness of a node that is cut off.
    /// </summary>
    /// <value>The default value is 5 seconds. At least twice <see cref="CdcOptions.IdlePollInterval"/>.</value>
    public TimeSpan MaxSilence { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The share of hits that are read from the database once more in the background and compared with what was served: one at a time, on a
    /// connection of its own. What is found is in <see cref="IConsistencyChecks"/>, in the metrics, and as a warning in the log.
    /// </summary>
    /// <value>The default value is 0: none. From 0 to 1; 0.001 is one of a thousand.</value>
    public double CheckRate { get; set; }
}
