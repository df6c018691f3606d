namespace FraiseQL.EfCore.State;

/// <summary>How far warming is, for pages and health checks.</summary>
/// <remarks>
/// Thread-safe. <c>AddFraiseQLState&lt;TContext&gt;()</c> registers it: that of the first context as it is, those of all contexts under their type as
/// the service key.
/// </remarks>
public interface IWarmupStatus
{
    /// <summary>What was registered, in that order.</summary>
    IReadOnlyList<WarmedQuery> Queries { get; }

    /// <summary>Whether warming at the start has ended, whatever became of it; at once where nothing is to be warmed.</summary>
    bool IsEnded { get; }

    /// <summary>Whether the application may be sent requests: always, unless <c>Cache:Warmup:Required</c> is on and warming has not ended.</summary>
    bool IsReady { get; }
}
