using System.Diagnostics.Metrics;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>The instruments of the listener and the handlers. Groups are named in code, so their number is bounded.</summary>
internal static partial class StateMetrics
{
    private static readonly Counter<long> s_handled = StateMeter.Instance.CreateCounter<long>(
        "fraiseql.changes.handled", "{event}", "Deliveries to handlers by group and how they ended.");

    private static readonly Histogram<double> s_delivery = StateMeter.Instance.CreateHistogram(
        "fraiseql.changes.delivery.duration",
        "s",
        "Time from the write to the end of its handlers, by group; the two clocks are the server's and this node's.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600] });

    private static readonly Counter<long> s_received = StateMeter.Instance.CreateCounter<long>(
        "fraiseql.listener.changes", "{event}", "Changes that the listener has read.");

    private static long s_disorder;

    private static readonly string[] s_outcomes = ["handled", "retried", "parked", "skipped", "duplicate"];

    public static void Handled(string group, HandlerOutcome outcome, TimeSpan? sinceWrite = null)
    {
        if (s_handled.Enabled)
        {
            s_handled.Add(1, new KeyValuePair<string, object?>("fraiseql.handlers.group", group), new("fraiseql.handlers.result", s_outcomes[(int)outcome]));
        }

        if (sinceWrite is { } time && s_delivery.Enabled)
        {
            s_delivery.Record(Math.Max(0, time.TotalSeconds), new KeyValuePair<string, object?>("fraiseql.handlers.group", group));
        }
    }

    public static void Received(long changes, in KeyValuePair<string, object?> context) => s_received.Add(changes, context);

    public static void OutOfOrder() => Interlocked.Increment(ref s_disorder);
}
