namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string HealthWarm = "Everything that is to be warm is warm.";

    public const string HealthNotYetWarm = "Warming has not ended; the application is ready all the same.";

    public static string HealthWarming(int done, int count) =>
        $"Warming has not ended ({done} of {count}), and Cache:Warmup:Required makes the node wait for it, at most for the time of Cache:Warmup:Timeout.";

    public static string HealthNotWarm(IReadOnlyCollection<string> names) =>
        $"Not warm: {List(names)}. Their queries read the database at their first request. The log says why: FraiseQLStateEventId.WarmupFailed, WarmupTimedOut, WarmupNotCached.";

    public static string WarmupTwice(string name) => $"There are two warm-ups named \"{name}\". Give each a name of its own.";

    public static string WarmupOfOther(string name, string given, string context) =>
        $"The warm-up \"{name}\" takes a {given}, but it is registered for {context}. Register it on what AddFraiseQLState<{given}>() returns.";

    public static string WarmupUnknown(string name, IEnumerable<string> known) =>
        $"There is no warm-up \"{name}\". Known are {List([.. known.DefaultIfEmpty("none")])}; register it with .AddWarmup(\"{name}\", …).";
}
