using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// What the author of a query asked for. Travels from the expression to the command as a query tag, which holds only a number: the policy
/// itself is interned here. There are as many as distinct calls in the program's source.
/// </summary>
/// <param name="Ttl">The time to live when it is a constant of the query.</param>
/// <param name="TtlParameter">The query parameter that holds it otherwise; neither means the default.</param>
/// <param name="IsSplit">Whether EF runs the query as several commands.</param>
internal sealed record CachePolicy(TimeSpan? Ttl, string? TtlParameter, bool IsSplit)
{
    private const string TagPrefix = "fraiseql-cacheable:";

    private static readonly ConcurrentDictionary<CachePolicy, int> s_numbers = new();
    private static readonly ConcurrentDictionary<int, CachePolicy> s_policies = new();

    public string ToTag()
    {
        var number = s_numbers.GetOrAdd(this, static policy =>
        {
            lock (s_policies)
            {
                var next = s_policies.Count;
                s_policies[next] = policy;
                return next;
            }
        });
        return string.Create(CultureInfo.InvariantCulture, $"{TagPrefix}{number}");
    }

    public static bool TryFromTag(string tag, [NotNullWhen(true)] out CachePolicy? policy)
    {
        policy = null;
        return tag.StartsWith(TagPrefix, StringComparison.Ordinal)
            && int.TryParse(tag.AsSpan(TagPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && s_policies.TryGetValue(number, out policy);
    }
}
