namespace FraiseQL.EfCore.State;

public static partial class FraiseQLStateEventId
{
    /// <summary>A warm-up has ended, and what it reads is cached.</summary>
    public const int Warmed = 1030;

    /// <summary>A warm-up threw; what it reads is read when somebody asks for it (warning).</summary>
    public const int WarmupFailed = 1031;

    /// <summary>A warm-up was not done in time (warning).</summary>
    public const int WarmupTimedOut = 1032;

    /// <summary>A warm-up's query is not one that is cached (warning).</summary>
    public const int WarmupNotCached = 1033;

    /// <summary>Warming at the start has ended.</summary>
    public const int WarmingEnded = 1034;
}
