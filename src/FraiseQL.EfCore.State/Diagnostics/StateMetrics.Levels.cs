using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Checks;
using FraiseQL.EfCore.State.Dispatch;
using FraiseQL.EfCore.State.Listener;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>The instruments of the two levels.</summary>
internal static partial class StateMetrics
{
    /// <summary>Of a cache without <c>AddFraiseQLState</c>, which several contexts share.</summary>
    public const string NoName = "none";

    private const string Context = "fraiseql.context";
    private const string Group = "fraiseql.handlers.group";

    // Read when somebody asks, so that one who begins to listen late sees the whole and not only what was added since.
    private static readonly ConditionalWeakTable<object, string> s_observed = [];

    private static readonly Counter<long> s_sharedReads = s_meter.CreateCounter<long>(
        "fraiseql.cache.l2.reads", "{operation}", "Reads of the shared level by how they ended.");

    private static readonly Counter<long> s_sharedWrites = s_meter.CreateCounter<long>(
        "fraiseql.cache.l2.writes", "{operation}", "Writes to the shared level by how they ended.");

    private static readonly Counter<long> s_sharedBytes = s_meter.CreateCounter<long>(
        "fraiseql.cache.l2.written", "By", "Bytes that the shared level took.");

    private static readonly Histogram<double> s_sharedDuration = s_meter.CreateHistogram(
        "fraiseql.cache.l2.read.duration",
        "s",
        "Time of reads of the shared level, those that failed included.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] });

    private static readonly Counter<long> s_leases = s_meter.CreateCounter<long>(
        "fraiseql.cache.l2.leases", "{fill}", "Misses of what had been in memory, by what the lease of the key did for them.");

    private static readonly Counter<long> s_checks = s_meter.CreateCounter<long>(
        "fraiseql.consistency.checks", "{hit}", "Hits that were sampled to be read once more, by what was found.");

    private static readonly KeyValuePair<string, object?>[] s_sharedResults =
    [
        new("fraiseql.cache.l2.result", "hit"),
        new("fraiseql.cache.l2.result", "miss"),
        new("fraiseql.cache.l2.result", "stored"),
        new("fraiseql.cache.l2.result", "too_large"),
        new("fraiseql.cache.l2.result", "refused"),
        new("fraiseql.cache.l2.result", "unreadable"),
        new("fraiseql.cache.l2.result", "failed"),
        new("fraiseql.cache.l2.result", "timed_out"),
        new("fraiseql.cache.l2.result", "skipped"),
        new("fraiseql.cache.l2.result", "dropped"),
    ];

    static StateMetrics()
    {
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.cache.l1.size", static () => Sum<L1Store>(l1 => l1.Bytes), "By", "Bytes of the cached results in memory.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.cache.l1.entries", static () => Sum<L1Store>(l1 => l1.Count), "{entry}", "Cached results in memory.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.cache.l2.pending_writes",
            static () => Sum<WriteQueue>(queue => queue.Unfinished),
            "{operation}",
            "Entries that wait to be written to the shared level, or are being written.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.changes.backlog",
            static () => Sum<HandlerTenure>(tenure => tenure.Open, Group),
            "{event}",
            "Events that were read for handlers of this node and are not done.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.changes.parked",
            static () => Sum<HandlerTenure>(tenure => tenure.Parked, Group),
            "{entity}",
            "Entities with parked events, on the node that runs their handlers: they wait for a person.");
        s_meter.CreateObservableCounter(
            "fraiseql.changes.order_violations",
            static () => Interlocked.Read(ref s_disorder),
            "{event}",
            "Events that were given to a handler after a later one of the same row: a fault.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.listener.connected",
            static () => Sum<ListenerStatus>(listener => listener.Connected ? 1 : 0),
            "{connection}",
            "Listeners of this process that follow their event log.");
        s_meter.CreateObservableCounter(
            "fraiseql.listener.reconnects", static () => Sum<ListenerStatus>(listener => listener.Reconnects), "{connection}", "Connections of the listener that were lost.");
        s_meter.CreateObservableGauge(
            "fraiseql.consistency.ratio",
            static () => By<ConsistencyChecks, double>(Context, all => all.Min(checks => checks.Ratio)),
            "1",
            "Of the hits that were checked and had not changed meanwhile, the share that was what the database answered.");
        s_meter.CreateObservableGauge(
            "fraiseql.listener.lag",
            static () => By<ListenerStatus, double>(
                Context, all => all.Where(listener => listener.HeardAt != 0).Select(listener => listener.Lag.TotalSeconds).DefaultIfEmpty().Max()),
            "s",
            "How long ago the listener had read its log to the end.");
    }

    /// <summary>Reads it from now on whenever somebody asks, until it is forgotten or collected.</summary>
    /// <param name="level">The object.</param>
    /// <param name="name">The context's name, or that of the group of handlers.</param>
    public static void Observe(object level, string name = NoName) => s_observed.AddOrUpdate(level, name);

    public static void Forget(object level) => s_observed.Remove(level);

    public static void SharedOperation(bool isRead, L2Result result, TimeProvider time, long start, in KeyValuePair<string, object?> context)
    {
        var counter = isRead ? s_sharedReads : s_sharedWrites;
        if (counter.Enabled)
        {
            counter.Add(1, s_sharedResults[(int)result], context);
        }

        if (isRead && s_sharedDuration.Enabled && result != L2Result.Skipped)
        {
            s_sharedDuration.Record(time.GetElapsedTime(start).TotalSeconds, s_sharedResults[(int)result], context);
        }
    }

    /// <summary><c>taken</c>: this node read the database; <c>awaited</c>: another one's entry was served; <c>expired</c>, <c>unavailable</c>: as without leases.</summary>
    public static void Leased(string result, in KeyValuePair<string, object?> context)
    {
        if (s_leases.Enabled)
        {
            s_leases.Add(1, new KeyValuePair<string, object?>("fraiseql.cache.l2.lease", result), context);
        }
    }

    /// <summary>A sampled hit was judged, or was not.</summary>
    public static void Checked(string result, in KeyValuePair<string, object?> context)
    {
        if (s_checks.Enabled)
        {
            s_checks.Add(1, new KeyValuePair<string, object?>("fraiseql.consistency.result", result), context);
        }
    }

    /// <summary>A payload that arrived and could not be used; its read was counted as a hit of the server.</summary>
    public static void SharedReadRejected(in KeyValuePair<string, object?> context) => s_sharedReads.Add(1, s_sharedResults[(int)L2Result.Unreadable], context);

    /// <summary>A write that never reached the server.</summary>
    public static void SharedWriteEnded(L2Result result, in KeyValuePair<string, object?> context) => s_sharedWrites.Add(1, s_sharedResults[(int)result], context);

    /// <summary>The server took a payload.</summary>
    public static void SharedBytes(long bytes, in KeyValuePair<string, object?> context) => s_sharedBytes.Add(bytes, context);

    /// <summary>The attribute of a context.</summary>
    public static KeyValuePair<string, object?> ContextTag(string name) => new(Context, name);

    private static List<Measurement<long>> Sum<T>(Func<T, long> value, string attribute = Context) => By<T, long>(attribute, all => all.Sum(value));

    // Several of one name are one series: two hosts of a test, or a store that nobody has disposed yet.
    private static List<Measurement<TValue>> By<T, TValue>(string attribute, Func<IEnumerable<T>, TValue> value)
        where TValue : struct
        => [.. s_observed.Where(pair => pair.Key is T).GroupBy(pair => pair.Value, StringComparer.Ordinal)
            .Select(named => new Measurement<TValue>(value(named.Select(pair => (T)pair.Key)), new KeyValuePair<string, object?>(attribute, named.Key)))];
}
