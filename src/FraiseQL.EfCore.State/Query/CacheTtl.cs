namespace FraiseQL.EfCore.State.Query;

/// <summary>The bounds of a time to live. Without an end an entry would outlive whatever invalidation misses.</summary>
internal static class CacheTtl
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    public static void Check(TimeSpan ttl, string parameter)
    {
        if (ttl <= TimeSpan.Zero || ttl > Longest)
        {
            throw new ArgumentOutOfRangeException(parameter, ttl, StateStrings.TtlOutOfRange);
        }
    }
}
