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
    // Read when somebody asks, so that one who begins to listen late sees the whole and not only what was added since.
    private static readonly ConditionalWeakTable<object, object?> s_observed = [];

    private static readonly Counter<long> s_sharedReads = s_meter.CreateCounter<long>(
        "fraiseql.cache.l2.reads", "{operation}", "Reads of the shared level by how they ended.");

    private static readonly Counter<long> s_sharedWrites = s_meter.CreateCounter<long>(
        "fraiseql.cache.l2.writes", "{operation}", "Writes to the shared level by how they ended.");

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
            "fraiseql.cache.l1.size", static () => Observed<L1Store>().Sum(l1 => l1.Bytes), "By", "Bytes of the cached results in memory.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.cache.l1.entries", static () => Observed<L1Store>().Sum(l1 => (long)l1.Count), "{entry}", "Cached results in memory.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.cache.l2.pending_writes",
            static () => Observed<WriteQueue>().Sum(queue => (long)queue.Unfinished),
            "{operation}",
            "Entries that wait to be written to the shared level, or are being written.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.changes.backlog",
            static () => Observed<DeliveryLedger>().Sum(ledger => (long)ledger.Open),
            "{event}",
            "Events that were read for handlers of this node and are not done.");
        s_meter.CreateObservableUpDownCounter(
            "fraiseql.listener.connected",
            static () => Observed<ListenerStatus>().Sum(listener => listener.Connected ? 1L : 0),
            "{connection}",
            "Listeners of this process that follow their event log.");
        s_meter.CreateObservableGauge(
            "fraiseql.consistency.ratio",
            static () => Observed<ConsistencyChecks>().Select(checks => checks.Ratio).DefaultIfEmpty(1).Min(),
            "1",
            "Of the hits that were checked and had not changed meanwhile, the share that was what the database answered.");
        s_meter.CreateObservableGauge(
            "fraiseql.listener.lag",
            static () => Observed<ListenerStatus>().Where(listener => listener.HeardAt != 0)
                .Select(listener => listener.Lag.TotalSeconds).DefaultIfEmpty().Max(),
            "s",
            "How long ago the listener that is furthest behind had read its log to the end.");
    }

    public static void Observe(object level) => s_observed.TryAdd(level, null);

    public static void Forget(object level) => s_observed.Remove(level);

    public static void SharedOperation(bool isRead, L2Result result, TimeProvider time, long start)
    {
        var counter = isRead ? s_sharedReads : s_sharedWrites;
        if (counter.Enabled)
        {
            counter.Add(1, s_sharedResults[(int)result]);
        }

        if (isRead && s_sharedDuration.Enabled && result != L2Result.Skipped)
        {
            s_sharedDuration.Record(time.GetElapsedTime(start).TotalSeconds, s_sharedResults[(int)result]);
        }
    }

    /// <summary><c>taken</c>: this node read the database; <c>awaited</c>: another one's entry was served; <c>expired</c>, <c>unavailable</c>: as without leases.</summary>
    public static void Leased(string result)
    {
        if (s_leases.Enabled)
        {
            s_leases.Add(1, new KeyValuePair<string, object?>("fraiseql.cache.l2.lease", result));
        }
    }

    /// <summary>A sampled hit was judged, or was not.</summary>
    public static void Checked(string result)
    {
        if (s_checks.Enabled)
        {
            s_checks.Add(1, new KeyValuePair<string, object?>("fraiseql.consistency.result", result));
        }
    }

    /// <summary>A payload that arrived and could not be used; its read was counted as a hit of the server.</summary>
    public static void SharedReadRejected() => s_sharedReads.Add(1, s_sharedResults[(int)L2Result.Unreadable]);

    /// <summary>A write that never reached the server.</summary>
    public static void SharedWriteEnded(L2Result result) => s_sharedWrites.Add(1, s_sharedResults[(int)result]);

    private static IEnumerable<T> Observed<T>() => s_observed.Select(pair => pair.Key).OfType<T>();
}
