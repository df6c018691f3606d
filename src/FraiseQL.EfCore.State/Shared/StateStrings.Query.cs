namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string CacheableNeedsUseFraiseQLState =
        "«.Cacheable() needs UseFraiseQLState(): call optionsBuilder.UseFraiseQLState() where this context is configured, beside UseNpgsql(…)»";

    public const string TtlOutOfRange =
        "The time to live of a cached query must be more than zero and at most 365 days: there is no endless caching. "
        + "Pass a finite TimeSpan to .Cacheable(ttl), or call .Cacheable() for the default (Cache:DefaultTtl).";

    public const string OptionsNotAValue =
        "What .Cacheable(…) is told is computed by the query itself. Pass a value, a variable or a parameter of the compiled query; inside a compiled "
        + "query, .Cacheable(o => …) may use constants only: use a profile (.Cacheable(\"name\")) or a TimeSpan parameter there.";

    public static string UnknownProfile(string name, IEnumerable<string> known) =>
        $"There is no cache profile \"{name}\". Known are {string.Join(", ", known.Order(StringComparer.Ordinal))}; "
        + $"add it in the configuration (Cache:Profiles:{name}:Ttl) or in code (options.Cache.Profiles[\"{name}\"] = new() {{ Ttl = … }}).";

    public static string RefreshAheadTooLong(TimeSpan ahead, TimeSpan ttl) =>
        $"RefreshAhead ({ahead}) must be less than the time to live in memory ({ttl}), or every hit would refresh. Lower RefreshAhead or raise the ttl.";

    public static string DependsOnNotCaptured(string type) =>
        $"DependsOn<{type}>(): {type} is not an entity of this context with a captured table, so its changes could not end the cached result. "
        + "Name a mapped entity without IgnoreChangeEvents(), or use .Tags(…) and invalidate the tag in code.";

    public static string NoCacheKey(string explanation) =>
        $"This query has no cache key, because it is not cached. ToCacheExplainString() says:\n{explanation}";

    public const string NotAnEfQuery =
        "This is not a query of EF Core (a list, or the result of ToList()), so there is nothing to explain. Ask before the query is executed.";

    public const string NestedCacheable =
        ".Cacheable() stands inside a subquery (a nested lambda, the second source of a join, or a set operation). "
        + "The result of the whole query is what is cached: move .Cacheable() to the end of the outer query.";
}
