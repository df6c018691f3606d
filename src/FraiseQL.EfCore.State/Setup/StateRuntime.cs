using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Checks;
using FraiseQL.EfCore.State.Compiled;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Statistics;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>
/// What the state of one context type shares in one application: options, clock, both cache levels, what is known of the databases,
/// and the doorbell of the listener. Thread-safe.
/// </summary>
internal sealed class StateRuntime : IDisposable
{
    private static readonly Lazy<StateRuntime> s_alone = new(
        () => new StateRuntime(new FraiseQLStateOptions(), TimeProvider.System, NullLoggerFactory.Instance, l2: null, hasListener: false));

    private readonly ConcurrentDictionary<string, FreshnessLedger> _ledgers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<DatabaseIdentity, DatabaseState> _databases = new();
    private readonly ConcurrentDictionary<string, CatalogHolder> _catalogs = new(StringComparer.Ordinal);
    private volatile FraiseQLStateOptions _options;
    private volatile ConsistencyChecks? _checker;
    private string? _listenedDomain;
    private int _noted;
    private int _isolationNoted;

    public StateRuntime(FraiseQLStateOptions options, TimeProvider time, ILoggerFactory loggers, SharedLevel? l2, bool hasListener, CacheScopes? scopes = null,
        WriteContexts? writes = null)
    {
        _options = options;
        Time = time;
        HasListener = hasListener;
        Shared = l2;
        Scopes = scopes ?? CacheScopes.None;
        Preambles = new Preambles(Scopes);
        WriteContexts = writes ?? new WriteContexts(options.Cdc.WriteContext, [], null, NullLogger.Instance);
        Logger = loggers.CreateLogger(FraiseQLStateDiagnostics.LoggerName);
        Checks = new ConsistencyChecks(options.Consistency.CheckRate);
        _checker = hasListener && options.Consistency.CheckRate > 0 ? Checks : null;
        Store = new EntryStore(options.Cache, l2, time, loggers, ForgetShared);
    }

    /// <summary>For contexts without <c>AddFraiseQLState</c>: one for the process, memory only.</summary>
    public static StateRuntime Alone => s_alone.Value;

    /// <summary>What applies now. Another object after a change of what may change while the host runs; the rest is the same in all of them.</summary>
    public FraiseQLStateOptions Options => _options;

    /// <summary>The name of the context type, for metrics.</summary>
    public string ContextName
    {
        get => (string)ContextTag.Value!;
        init
        {
            ContextTag = StateMetrics.ContextTag(value);
            Store.Name(ContextTag);
            Checks.Name(ContextTag);
        }
    }

    /// <inheritdoc cref="ContextName"/>
    public readonly KeyValuePair<string, object?> ContextTag = StateMetrics.ContextTag(StateMetrics.NoName);

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    /// <summary>The runtime of a context: that of its application, or the one for those without.</summary>
    public static StateRuntime Find(Type contextType, IDbContextOptions options)
    {
        var application = options.FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider;
        if (application is IKeyedServiceProvider keyed)
        {
            for (var type = contextType; type is not null && type != typeof(DbContext); type = type.BaseType)
            {
                if (keyed.GetKeyedService(typeof(StateRuntime), type) is StateRuntime runtime)
                {
                    return runtime;
                }
            }
        }

        return Alone;
    }

    /// <summary>Whether a listener is meant to run. Which database it listens to is known when it has connected.</summary>
    public bool HasListener { get; }

    public EntryStore Store { get; }

    /// <summary>The shared level; <see langword="null"/> without one.</summary>
    public SharedLevel? Shared { get; }

    /// <summary>What became of each query.</summary>
    public QueryTallies Statistics { get; } = new();

    /// <summary>What the consistency checker has found.</summary>
    public ConsistencyChecks Checks { get; }

    /// <summary>Where hits are offered to be checked; <see langword="null"/> when none are.</summary>
    public ConsistencyChecks? Checker => _checker;

    /// <summary>Told of each execution: the query's name, where its rows came from, and why past the cache. For users' tests; nobody else adds to it.</summary>
    public Action<string, CacheOutcome, string?>? Watched;

    /// <summary>What keys hold beside the query.</summary>
    public CacheScopes Scopes { get; }

    /// <summary>What writes say of themselves.</summary>
    public WriteContexts WriteContexts { get; }

    /// <summary>What is sent before a query to learn what its rows prove.</summary>
    public Preambles Preambles { get; }

    public KeyMemo<TypedKey> TypedKeys { get; } = new();

    public Flights Flights { get; } = new();

    /// <summary>Rung by a local commit, so that the listener looks at once.</summary>
    public WakeSignal ListenerWake { get; } = new();

    /// <summary>Lets other options apply from now on, which differ in what may change.</summary>
    public void Follow(FraiseQLStateOptions options)
    {
        Checks.Rate = options.Consistency.CheckRate;
        _checker = HasListener && options.Consistency.CheckRate > 0 ? Checks : null;
        _options = options;
    }

    public DatabaseState DatabaseOf(DatabaseIdentity identity)
        => _databases.TryGetValue(identity, out var known)
            ? known
            : _databases.GetOrAdd(identity, static (id, self) => new DatabaseState(id, self.LedgerOf(id.Domain), self.CatalogOf(id.Domain)), this);

    /// <summary>The ledger of a database; the listener's own when it is the one that is listened to.</summary>
    public FreshnessLedger LedgerOf(string domain)
        => _ledgers.GetOrAdd(domain, static (d, self) => new FreshnessLedger(
            self.HasListener && (self._listenedDomain ?? d) == d, self.Time, self.Options.Consistency.MaxSilence), this);

    /// <summary>Where the catalog of a database is kept.</summary>
    public CatalogHolder CatalogOf(string domain) => _catalogs.GetOrAdd(domain, static _ => new CatalogHolder());

    /// <summary>Says which database the listener serves. Called by the listener when it has connected.</summary>
    public FreshnessLedger ListensTo(string domain)
    {
        _listenedDomain = domain;
        foreach (var (other, ledger) in _ledgers)
        {
            if (other != domain && ledger.Listening)
            {
                ledger.NotListenedTo();
            }
        }

        return LedgerOf(domain);
    }

    /// <summary>What last changed rows of a table, as far as it is remembered; for people.</summary>
    public BumpCause? LastChangeOf(string relation)
        => _ledgers.Values.Select(ledger => ledger.LastCause([CellHash.Rows(relation)], null)).Where(cause => cause is not null).MaxBy(cause => cause!.Value.At);

    /// <summary>True the first time: what is worth one line in the log.</summary>
    public bool TryNoteAlone() => Interlocked.Exchange(ref _noted, 1) == 0;

    /// <inheritdoc cref="TryNoteAlone"/>
    public bool TryNoteIsolation() => Interlocked.Exchange(ref _isolationNoted, 1) == 0;

    private void ForgetShared(CachedEntry entry)
    {
        foreach (var owner in entry.SharedWithAll())
        {
            if (owner is TypedKey key)
            {
                TypedKeys.Forget(key);
            }
        }
    }

    public void Dispose()
    {
        Store.Dispose();
        ListenerWake.Dispose();
    }
}
