using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// How a query is marked. Travels from the expression to the command as a query tag, which holds only a number: the policy itself is
/// interned here. There are as many as distinct marks in the program's source.
/// </summary>
/// <param name="Options">What the mark says, when that is part of the query.</param>
/// <param name="Parameter">The query parameter that holds it otherwise.</param>
/// <param name="IsSplit">Whether EF runs the query as several commands.</param>
/// <param name="IsImplicit">Whether nobody marked the query itself (<c>CacheAllQueries</c>).</param>
/// <param name="IsList">Whether its result is a sequence, however many rows that has: not one row and not a scalar.</param>
/// <param name="Root">The model's name of the entity whose set the query begins with; <see langword="null"/> when it begins with something else.</param>
internal sealed record CachePolicy(
    CacheableOptions Options, string? Parameter, bool IsSplit, bool IsImplicit = false, bool IsList = false, string? Root = null)
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
