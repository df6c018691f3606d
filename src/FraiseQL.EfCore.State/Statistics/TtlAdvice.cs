using System.Globalization;
using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Statistics;

/// <summary>What a query's figures say about its time to live, in words.</summary>
internal static class TtlAdvice
{
    private const int Enough = 20;
    private const double HardlyAsked = 0.05;

    // What nothing else ends is read again now and then all the same.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    private static readonly TimeSpan[] s_round =
    [
        .. ((double[])[1, 2, 5, 10, 15, 30]).Select(TimeSpan.FromSeconds),
        .. ((double[])[1, 2, 5, 10, 15, 30]).Select(TimeSpan.FromMinutes),
        .. ((double[])[1, 2, 4, 8, 12, 24]).Select(TimeSpan.FromHours),
    ];

    public static (TimeSpan? Suggestion, string Advice) For(QueryStatistics read, EffectivePolicy? policy, bool hasListener)
    {
        if (policy is null || read.Ttl is not { } ttl)
        {
            return (null, StateStrings.AdviceOthers);
        }

        if (read.Requests < Enough)
        {
            return (null, StateStrings.AdviceTooFew(read.Requests, Enough));
        }

        if (read.Bypasses > 0.9 * read.Requests)
        {
            var reason = read.BypassReasons.OrderByDescending(r => r.Value).Select(r => r.Key).FirstOrDefault();
            return (null, StateStrings.AdviceBypassed(reason ?? "unknown"));
        }

        var hits = read.L1Hits + read.L2Hits + read.StaleHits;
        if (hits < HardlyAsked * (hits + read.Misses))
        {
            return (null, StateStrings.AdviceHardlyAsked(hits, hits + read.Misses));
        }

        if (policy.IgnoresOwnTables)
        {
            return (null, StateStrings.AdviceUntilExpired);
        }

        if (!hasListener)
        {
            return (null, StateStrings.AdviceWithoutListener);
        }

        if (read.EndedByChange == 0 && read.Expired == 0)
        {
            return (ttl, StateStrings.AdviceFits(read.Misses));
        }

        var age = read.AverageAgeAtChange ?? TimeSpan.Zero;
        if (read.Expired <= read.EndedByChange / 4)
        {
            return (ttl, StateStrings.AdviceEndedByChange(Text(age), Text(ttl)));
        }

        // Twice the age at which changes end entries keeps most until then; where none does, only the memory is at stake.
        var wanted = read.EndedByChange == 0 ? 10 * ttl : age > 2 * ttl ? 2 * age : 4 * ttl;
        var suggestion = Round(wanted < s_longest ? wanted : s_longest);
        return suggestion <= ttl
            ? (ttl, StateStrings.AdviceFits(read.Misses))
            : (suggestion, read.EndedByChange == 0
                ? StateStrings.AdviceNeverChanged(read.Expired, Text(suggestion))
                : StateStrings.AdviceExpiresFirst(read.Expired, read.EndedByChange, Text(age), Text(suggestion)));
    }

    public static string Text(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.#} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0.#} days"),
    };

    private static TimeSpan Round(TimeSpan time)
    {
        foreach (var round in s_round)
        {
            if (round >= time)
            {
                return round;
            }
        }

        return s_longest;
    }
}
