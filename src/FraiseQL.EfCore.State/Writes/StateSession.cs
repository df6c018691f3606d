using System.Transactions;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Consistency;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>
/// What belongs to one context: the way to the application's runtime, the outcome of its last cacheable query, and the writes of its open
/// transaction, which invalidate when it commits. As the context, not thread-safe.
/// </summary>
internal sealed partial class StateSession : IResettableService
{
    private readonly PendingWrites _pending = new();
    private readonly ILoggerFactory _loggers;
    private readonly ICurrentDbContext _context;
    private IRelationalConnection? _connection;
    private ILogger? _logger;
    private bool? _isLogging;
    private string? _connectionString;
    private DatabaseState? _database;
    private Transaction? _ambient;
    private bool _isDescribed;
    private ConsistencyToken? _required;
    private FreshnessLedger? _wroteTo;
    private long _wroteAt;
    private ApplicationCapture? _capture;

    /// <summary>The session of a context, or of its database facade; <see langword="null"/> without <c>UseFraiseQLState()</c>.</summary>
    public static StateSession? Find(IInfrastructure<IServiceProvider> context) => context.Instance.GetService(typeof(StateSession)) as StateSession;

    public StateSession(ICurrentDbContext context, IDbContextOptions options, ILoggerFactory loggers)
    {
        _context = context;
        _loggers = loggers;
        Runtime = StateRuntime.Find(context.Context.GetType(), options);
        CacheAllTtl = options.FindExtension<FraiseQLStateOptionsExtension>()?.CacheAllTtl;
        if (!Runtime.HasListener && Runtime.TryNoteAlone())
        {
            Log.NoListener(Logger);
        }
    }

    public StateRuntime Runtime { get; }

    // The context's own logging, which exists without an application around it too.
    private ILogger Logger => _logger ??= _loggers.CreateLogger(FraiseQLStateDiagnostics.LoggerName);

    // Asked once a context: it is on the path of every hit.
    private bool IsLogging => _isLogging ??= Logger.IsEnabled(LogLevel.Debug);

    public CacheOutcome LastOutcome { get; private set; }

    /// <summary>The connection of the context, which is there as long as the context.</summary>
    public IRelationalConnection Connection => _connection ??= _context.Context.GetService<IRelationalConnection>();

    public DatabaseState DatabaseOf(IRelationalConnection connection)
    {
        var connectionString = connection.ConnectionString ?? string.Empty;
        if (!ReferenceEquals(connectionString, _connectionString))
        {
            _database = Runtime.DatabaseOf(DatabaseIdentity.Of(connectionString));
            _connectionString = connectionString;
        }

        return _database!;
    }

    /// <summary>Every cacheable query of the context must see at least this from here on.</summary>
    public void Require(ConsistencyToken token) => _required = token.Merge(_required);

    /// <summary>
    /// What is required of a read that begins now and is not met by what this node has applied. Asked before an entry is looked at: what has been applied by
    /// now is among what the entry is asked for.
    /// </summary>
    public Requirement RequirementOn(DatabaseState database)
    {
        var scoped = ConsistencyScope.Current?.Token;
        if (_required is null && scoped is null)
        {
            return default;
        }

        // In this order: see there.
        var log = database.Ledger.TokenLog;
        var reached = database.Ledger.Position;
        return Requirement.Of(_required, database.Identity.Name, log, reached)
            .With(Requirement.Of(scoped, database.Identity.Name, log, reached));
    }

    /// <summary>Whether a token is required at all, met or not.</summary>
    public bool HasRequirement => _required is not null || ConsistencyScope.Current?.Token is not null;

    /// <summary>The epoch of the last commit by this context, or by another one in the same scope; 0 when there was none.</summary>
    public long LastWriteTo(FreshnessLedger ledger)
        => Math.Max(ReferenceEquals(_wroteTo, ledger) ? _wroteAt : 0, ConsistencyScope.Current?.LastWrite(ledger) ?? 0);

    private void NoteWrite(FreshnessLedger ledger)
    {
        _wroteTo = ledger;
        _wroteAt = ledger.Stamp();
        ConsistencyScope.Current?.Wrote(ledger, _wroteAt);
    }

    /// <summary>Whether a SaveChanges that is no part of a transaction is to have one, for the isolation that was asked for; says so once when nobody retries.</summary>
    public bool IsIsolated
    {
        get
        {
            if (Runtime.Options.Consistency.Isolation is not { } level || IsInTransaction(Connection))
            {
                return false;
            }

            // EF's own that does not retry is none of these, and one that does is current while it executes.
            if (level != System.Data.IsolationLevel.ReadCommitted && ExecutionStrategy.Current is null && Runtime.TryNoteIsolation())
            {
                Log.IsolationWithoutRetry(Logger, level);
            }

            return true;
        }
    }

    /// <summary>The time to live of <c>CacheAllQueries</c>, if it has one.</summary>
    public TimeSpan? CacheAllTtl { get; }

    /// <summary>
    /// Why an execution must ask the database, or <see langword="null"/>; that the listener is silent is found with the entry, or before a
    /// fill. The codes are stable.
    /// </summary>
    public string? WhyBypass(IRelationalConnection connection, DatabaseState database, QueryPlan plan, EffectivePolicy policy)
    {
        if (plan.RefusalUnder(policy) is { } refusal)
        {
            return refusal.Code;
        }

        if (!Runtime.Options.Cache.Enabled)
        {
            return "disabled";
        }

        if (plan.Policy.IsList && !Runtime.Options.Cache.Lists)
        {
            return "list";
        }

        // Older entries would hide the transaction's own writes, and its uncommitted rows are nobody else's.
        if (IsInTransaction(connection))
        {
            return "transaction";
        }

        // A listener counts such tables as not captured, but not every query asks whether its tables are.
        if ((!database.Ledger.Listening || policy.IgnoresOwnTables) && Runtime.Scopes.SessionVariables.Count == 0
            && database.Catalog is { HasAnyRowSecurity: true } catalog && HasRowSecurity(plan, policy, catalog))
        {
            return "row-level-security";
        }

        // Nobody refreshes it here, and who does elsewhere is not heard.
        if (policy.RefreshedViews.Count > 0 && !database.Ledger.Listening)
        {
            return "no-listener";
        }

        return database.Ledger.Listening && !plan.IsCaptured(database.Ledger.Captured, policy) ? "capture-missing" : null;
    }

    private static bool HasRowSecurity(QueryPlan plan, EffectivePolicy policy, DatabaseCatalog catalog)
        => plan.Dependencies.Any(d => catalog.HasRowSecurity(d.Table.Relation)) || plan.Uncaptured.Any(catalog.HasRowSecurity)
            || policy.FurtherTables.Any(t => catalog.HasRowSecurity(t.Relation));

    public void Served(QueryPlan plan, EffectivePolicy policy, CacheOutcome outcome, string? reason = null)
    {
        LastOutcome = outcome;
        policy.TallyOf(plan, Runtime.Statistics).Served(outcome);
        StateMetrics.Requested(outcome, Runtime.ContextTag);
        Runtime.Watched?.Invoke(NameOf(plan, policy), outcome, reason);
        StateActivities.LookedUp(NameOf(plan, policy), outcome);
        if (IsLogging)
        {
            switch (outcome)
            {
                case CacheOutcome.L1Hit:
                    Log.Hit(Logger, NameOf(plan, policy), "memory");
                    break;
                case CacheOutcome.L2Hit:
                    Log.Hit(Logger, NameOf(plan, policy), "the shared server");
                    break;
                case CacheOutcome.Miss:
                    Log.Miss(Logger, NameOf(plan, policy));
                    break;
            }
        }

        if (outcome == CacheOutcome.Stale)
        {
            if (policy.FailSafe is not null)
            {
                Log.ServedStale(Logger, NameOf(plan, policy));
            }
            else if (IsLogging)
            {
                Log.ServedStaleByChoice(Logger, NameOf(plan, policy), policy.MaxStaleness);
            }
        }
    }

    public void Bypassed(QueryPlan plan, EffectivePolicy policy, string reason)
    {
        if (plan.RefusalUnder(policy) is { } refusal && refusal.Code == reason)
        {
            NoteRefusal(plan, refusal);
        }
        else if (IsLogging)
        {
            Log.Bypass(Logger, NameOf(plan, policy), reason);
        }

        policy.TallyOf(plan, Runtime.Statistics).Because(reason);
        StateMetrics.Bypassed(reason, Runtime.ContextTag);
        Served(plan, policy, CacheOutcome.Bypass, reason);
    }

    public void Refused(QueryPlan plan, EffectivePolicy policy, Refusal refusal)
    {
        NoteRefusal(plan, refusal);
        Bypassed(plan, policy, refusal.Code);
    }

    /// <summary>The context of a write that begins now; empty to take back what an earlier one of the transaction said, <see langword="null"/> to send nothing.</summary>
    public string? DescribeWrite()
    {
        var description = Runtime.WriteContexts.Describe(_context.Context);
        if (description is null && !_isDescribed)
        {
            return null;
        }

        _isDescribed = description is not null && IsInTransaction(Connection);
        return description ?? "";
    }

    /// <summary>The same for <c>ExecuteUpdate</c> and <c>ExecuteDelete</c>, and for SQL of the application, which may not be allowed beside another statement.</summary>
    public string? DescribeUntracked(string? sql)
        => sql is null || IsInTransaction(Connection) || SqlText.IsPlainWrite(sql) ? DescribeWrite() : null;

    /// <summary>What writes the log where triggers do not; <see langword="null"/> where they do.</summary>
    public ApplicationCapture? Capture
        => Runtime.Options.Cdc.Triggers || CaptureModel.For(_context.Context.Model) is not { HasTriggers: false } model
            ? null
            : _capture ??= new ApplicationCapture(this, Connection, model);

    /// <summary>Begins a write that names tables, or nothing at all (raw SQL).</summary>
    public UntrackedWrite BeginUntracked(IRelationalConnection connection, WritePlan? plan) => new(this, connection, plan);

    /// <summary>A write has succeeded: it takes effect here at once, or when the open transaction commits.</summary>
    public void Wrote(IRelationalConnection connection, Action<PendingWrites> write)
    {
        if (connection.CurrentTransaction is null && Transaction.Current is { } ambient && !ReferenceEquals(ambient, _ambient))
        {
            PublishAfter(ambient, connection);
        }

        write(_pending);
        if (!IsInTransaction(connection))
        {
            Publish(connection);
        }
    }

    /// <summary>What was written is committed: entries that depend on it end now, whatever becomes of the request.</summary>
    public void Publish(IRelationalConnection connection)
    {
        _isDescribed &= IsInTransaction(connection);
        if (_pending.IsEmpty)
        {
            return;
        }

        using var activity = StateActivities.Invalidating("local");
        var ledger = DatabaseOf(connection).Ledger;
        _pending.ApplyTo(ledger);
        _pending.CountTo(Runtime.ContextTag);
        _pending.Clear();
        NoteWrite(ledger);
        Runtime.Statistics.Invalidated(1);
        Runtime.ListenerWake.Ring();
    }

    /// <summary>What was written is rolled back: nothing has changed.</summary>
    public void Discard()
    {
        _isDescribed = false;
        _pending.Clear();
    }

    public void ResetState()
    {
        LastOutcome = CacheOutcome.None;
        Observer = _warming = null;
        WarmingPatience = null;
        _required = null;
        _wroteTo = null;
        IsSampleDue = false;
        _pending.Clear();
        _ambient = null;
        _isDescribed = false;
    }

    public Task ResetStateAsync(CancellationToken cancellationToken = default)
    {
        ResetState();
        return Task.CompletedTask;
    }

    public static bool IsInTransaction(IRelationalConnection connection)
        => connection.CurrentTransaction is not null
            || Transaction.Current is not null
            || (connection as ITransactionEnlistmentManager)?.EnlistedTransaction is not null;

    // The scope may outlive the context, so what was written moves to the transaction itself.
    private void PublishAfter(Transaction ambient, IRelationalConnection connection)
    {
        _ambient = ambient;
        var ledger = DatabaseOf(connection).Ledger;
        var wake = Runtime.ListenerWake;
        var pending = _pending.Share();
        ambient.TransactionCompleted += (_, e) =>
        {
            // In doubt counts as committed: too much invalidation is no fault.
            if (e.Transaction?.TransactionInformation.Status != TransactionStatus.Aborted)
            {
                pending.ApplyTo(ledger);
                pending.CountTo(Runtime.ContextTag);
                NoteWrite(ledger);
                wake.Ring();
            }
        };
    }
}
