namespace FraiseQL.EfCore.State.Setup;

/// <summary>What is wrong with the two levels, and with what ends results: values of which each is possible by itself, and not beside the others.</summary>
internal static class LevelChecks
{
    public static IEnumerable<string> Failures(StatePlan plan, FraiseQLStateOptions options)
    {
        var cache = options.Cache;
        if (!Enum.IsDefined(cache.L1.Backend))
        {
            yield return StateStrings.OptionUnknown(plan.PathOf("Cache:L1:Backend"), "Memory");
        }

        if (!Enum.IsDefined(cache.L1.Eviction))
        {
            yield return StateStrings.OptionUnknown(plan.PathOf("Cache:L1:Eviction"), "Clock or Lru");
        }

        if (SharedLevel(plan, cache.L2) is { } shared)
        {
            yield return shared;
        }

        var invalidation = cache.Invalidation;
        if (!Enum.IsDefined(invalidation.Strategy))
        {
            yield return StateStrings.OptionUnknown(plan.PathOf("Cache:Invalidation:Strategy"), "Cascade, Entity or None");
        }
        else if (invalidation.Strategy != InvalidationStrategy.Cascade && options.Consistency.Default != ConsistencyLevel.ReadYourWrites)
        {
            yield return StateStrings.StrategyWithLevel(
                plan.PathOf("Cache:Invalidation:Strategy"), invalidation.Strategy, plan.PathOf("Consistency:Default"), options.Consistency.Default);
        }

        if (invalidation.Delay < TimeSpan.Zero || invalidation.Delay >= options.Consistency.MaxSilence / 2)
        {
            yield return StateStrings.DelayTooLong(
                plan.PathOf("Cache:Invalidation:Delay"), invalidation.Delay, plan.PathOf("Consistency:MaxSilence"), options.Consistency.MaxSilence);
        }

        if (cache is { WarmupOnStartup: false, Warmup.Required: true })
        {
            yield return StateStrings.ReadyNeverWarm(plan.PathOf("Cache:Warmup:Required"), plan.PathOf("Cache:WarmupOnStartup"));
        }
    }

    /// <summary>Never with a part of the address in it.</summary>
    private static string? SharedLevel(StatePlan plan, L2Options l2)
    {
        var (backendKey, urlKey) = (plan.PathOf("Cache:L2:Backend"), plan.PathOf("Cache:L2:Url"));
        if (l2.Backend is { } backend && !Enum.IsDefined(backend))
        {
            return StateStrings.OptionUnknown(backendKey, "None, Redis, Memcached or Custom");
        }

        if (l2.Backend == L2Backend.None)
        {
            return null;
        }

        if (plan.Shared is not { } shared)
        {
            return l2.Backend is not null ? StateStrings.SharedLevelMissing(backendKey, l2.Backend)
                : !string.IsNullOrWhiteSpace(l2.Url) ? StateStrings.SharedLevelMissing(urlKey, BackendOf(l2.Url))
                : null;
        }

        if (l2.Backend is { } named && named != shared.Backend)
        {
            return StateStrings.SharedLevelOther(backendKey, named, shared.Backend, shared.Call);
        }

        if (string.IsNullOrWhiteSpace(l2.Url))
        {
            return shared.CheckUrl is null ? null : StateStrings.UrlMissing(urlKey, shared.Backend, shared.Call);
        }

        return shared.CheckUrl is null ? StateStrings.UrlNotTaken(urlKey, shared.Backend, shared.Call)
            : shared.CheckUrl(l2.Url) is { } why ? StateStrings.UrlWrong(urlKey, why)
            : null;
    }

    private static L2Backend? BackendOf(string url)
        => url.TrimStart().StartsWith("redis", StringComparison.OrdinalIgnoreCase) ? L2Backend.Redis
            : url.TrimStart().StartsWith("memcached", StringComparison.OrdinalIgnoreCase) ? L2Backend.Memcached
            : null;
}
