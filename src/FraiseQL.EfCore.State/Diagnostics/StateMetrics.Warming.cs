using System.Diagnostics.Metrics;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>The instrument of warming. Warm-ups are named in code, so their number is bounded.</summary>
internal static partial class StateMetrics
{
    private static readonly Histogram<double> s_warmup = StateMeter.Instance.CreateHistogram(
        "fraiseql.cache.warmup.duration",
        "s",
        "Time of warm-ups, by their name and how they ended.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600] });

    public static void Warmed(string name, WarmupState state, TimeSpan took)
    {
        if (s_warmup.Enabled)
        {
            s_warmup.Record(took.TotalSeconds, new KeyValuePair<string, object?>("fraiseql.cache.query", name), new("fraiseql.cache.warmup.result", state switch
            {
                WarmupState.Done => "done",
                WarmupState.NotCached => "not_cached",
                WarmupState.TimedOut => "timed_out",
                _ => "failed",
            }));
        }
    }
}
