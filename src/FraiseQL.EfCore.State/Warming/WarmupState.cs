namespace FraiseQL.EfCore.State;

/// <summary>How far a warm-up is.</summary>
public enum WarmupState
{
    /// <summary>It has not run yet.</summary>
    Pending,

    /// <summary>It is running.</summary>
    Running,

    /// <summary>What it reads is cached.</summary>
    Done,

    /// <summary>It threw; the log has the error.</summary>
    Failed,

    /// <summary>It was not done when <c>Cache:Warmup:Timeout</c> was over.</summary>
    TimedOut,

    /// <summary>It ran, and its query is not one that is cached: it is not marked, or is refused, as EXPLAIN and the log say.</summary>
    NotCached,
}
