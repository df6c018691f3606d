namespace FraiseQL.EfCore.State;

/// <summary>Advice on the time to live of a query.</summary>
internal static partial class StateStrings
{
    public const string AdviceOthers = "Queries that came after the first 512 are counted together: there is no advice for them.";

    public const string AdviceUntilExpired = "UntilExpired(): only the time to live ends it, so that it says how old an answer may be. That is yours to decide.";

    public const string AdviceWithoutListener =
        "Without a listener the time to live is what ends results that other programs have changed: a longer one makes answers older. "
        + "AddFraiseQLState() with Cdc:Enabled ends them by their changes.";

    public static string AdviceTooFew(long requests, int enough) => $"Too few requests yet: {requests} of {enough}.";

    public static string AdviceBypassed(string reason) => $"Nearly never cached ({reason}): EXPLAIN says why. The time to live makes no difference.";

    public static string AdviceHardlyAsked(long hits, long requests) =>
        $"Hardly ever asked for again: {hits} of {requests} were hits. Do not cache it: remove Cacheable(), or NotCacheable() under CacheAllQueries.";

    public static string AdviceFits(long misses) => $"It fits: nothing was read again only because its time was over ({misses} misses).";

    public static string AdviceEndedByChange(string age, string ttl) =>
        $"Changes end its results after {age} on average, before {ttl} are over: a longer time to live would make nothing older, and nothing better.";

    public static string AdviceNeverChanged(long expired, string suggestion) =>
        $"No change ended a result, {expired} were over by their time alone: {suggestion} makes nothing older, since a change ends them at once.";

    public static string AdviceExpiresFirst(long expired, long ended, string age, string suggestion) =>
        $"{expired} results were over by their time, {ended} by a change, after {age} on average: {suggestion} makes nothing older, since a change ends them at once.";
}
