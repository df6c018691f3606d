namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string CacheableNeedsUseFraiseQLState =
        "«.Cacheable() needs UseFraiseQLState(): call optionsBuilder.UseFraiseQLState() where this context is configured, beside UseNpgsql(…)»";

    public const string TtlOutOfRange =
        "The time to live of a cached query must be more than zero and at most 365 days: there is no endless caching. "
        + "Pass a finite TimeSpan to .Cacheable(ttl), or call .Cacheable() for the default (Cache:DefaultTtl).";

    public const string TtlNotAValue =
        "The time to live in .Cacheable(ttl) is computed by the query itself. Pass a TimeSpan value, a variable or a parameter of the compiled query.";

    public const string NestedCacheable =
        ".Cacheable() stands inside a subquery (a nested lambda, the second source of a join, or a set operation). "
        + "The result of the whole query is what is cached: move .Cacheable() to the end of the outer query.";
}
