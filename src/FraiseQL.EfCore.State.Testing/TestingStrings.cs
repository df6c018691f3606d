namespace FraiseQL.EfCore.State.Testing;

/// <summary>What a user of this package can meet.</summary>
internal static class TestingStrings
{
    public const string LoseEveryRange = "LoseEvery takes 1 (every operation is lost) or more.";

    public const string SharedLevelDown = "The second level is down: StateFaults.SharedLevel.Down() was called; Restore() ends it.";

    public const string SharedLevelSlow = "The second level did not answer in time: StateFaults.SharedLevel.Slow(…) was called; Restore() ends it.";

    public const string ListenerCut = "The listener is cut off: StateFaults.CutListenerAsync() was called; RestoreListener() ends it.";

    public static string NoState(string context) =>
        $"AddFraiseQLState<{context}>() was not called on these services. Call it in the application, or before AddFraiseQLStateFaults<{context}>().";

    public static string NoSharedLevel(string context) =>
        $"{context} has no second level to disturb. Call AddRedis(…), AddMemcached(…) or AddDistributedCache(…) before AddFraiseQLStateFaults<{context}>().";

    public static string NoUseFraiseQLState(string context) =>
        $"{context} has no UseFraiseQLState(), so its queries are not cached. Call it where the context is configured, beside UseNpgsql(…).";

    public static string NotCaughtUp(string context, TimeSpan timeout, bool connected, string problems) =>
        $"The node of {context} has not read its log to the end within {timeout}. "
        + (connected
            ? "Its listener is connected; raise the timeout."
            : "Its listener is not connected: is the host started, is Cdc:Enabled on, and may the role listen?")
        + (problems.Length > 0 ? " " + problems : "");

    public static string NoListener(string context) =>
        $"{context} has no listener (Cdc:Enabled is off), so it never reads the log.";

    public static string NotSeen(string entity, TimeSpan timeout, int seen) =>
        $"No change of {entity} that matches was told within {timeout}; {seen} were recorded. Is the write committed, and does the condition match it?";
}
