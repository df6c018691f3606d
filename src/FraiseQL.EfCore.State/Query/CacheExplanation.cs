using System.Globalization;
using System.Text;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// What the cache would do with a query, gathered while EF makes a command that it does not execute. EF tells nothing else about a query's
/// command and parameters; so the request waits on the thread, which stays the same from here to there.
/// </summary>
internal sealed class CacheExplanation
{
    [ThreadStatic]
    private static CacheExplanation? t_requested;

    private readonly StringBuilder _text = new();
    private readonly bool _withConstants;

    private CacheExplanation(bool withConstants = true) => _withConstants = withConstants;

    public static CacheExplanation? Requested => t_requested;

    /// <summary>The key in the form that people read.</summary>
    public string? Key { get; private set; }

    public bool WasCacheable { get; private set; }

    public string Text => _text.ToString();

    public static CacheExplanation Of(Action makeCommand)
    {
        var explanation = t_requested = new CacheExplanation();
        try
        {
            makeCommand();
            return explanation;
        }
        finally
        {
            t_requested = null;
        }
    }

    /// <summary>What holds for every execution of a plan, without any value of one: neither a parameter's nor a constant of the query.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="policy">What applies to it.</param>
    /// <param name="scopes">What its keys may hold beside it.</param>
    /// <param name="lastChangeOf">Tells what last changed a table.</param>
    public static string OfEvery(QueryPlan plan, EffectivePolicy policy, IEnumerable<string> scopes, Func<string, BumpCause?> lastChangeOf)
    {
        var explanation = new CacheExplanation(withConstants: false);
        explanation.Add(plan, policy, plan.RefusalUnder(policy));
        foreach (var (name, mapping) in plan.Parameters)
        {
            explanation.Line("parameter", mapping is null ? name : $"{name} ({mapping.StoreType})");
        }

        foreach (var scope in scopes)
        {
            explanation.Line("varies by", scope);
        }

        foreach (var relation in plan.Dependencies.Select(d => d.Table.Relation).Distinct(StringComparer.Ordinal))
        {
            if (lastChangeOf(relation) is { } cause)
            {
                explanation.Line("last change", $"{Name(cause)} at {cause.At.ToUniversalTime():O}");
            }
        }

        return explanation.Text;
    }

    /// <summary>Called back by the command that was made.</summary>
    public void Explain(CachingRelationalCommand command, RelationalCommandParameterObject parameters)
    {
        WasCacheable = command.Explain(this, parameters);
        if (!WasCacheable)
        {
            _text.AppendLine("cacheable: no (not-marked: neither .Cacheable() nor CacheAllQueries says so)");
        }
    }

    public void Add(QueryPlan plan, EffectivePolicy policy, Refusal? refusal)
    {
        Line("query", policy.Name ?? "(unnamed)");
        Line("plan", plan.ShortId);
        Line("cacheable", refusal is null ? "yes" : $"no ({refusal.Code}: {refusal.Reason})");
        Line("ttl", policy.L1Ttl == policy.L2Ttl
            ? $"{policy.L1Ttl:c} ({policy.TtlSource})"
            : $"{policy.L1Ttl:c} in memory, {policy.L2Ttl:c} on the shared server ({policy.TtlSource})");
        if (policy.Profile is not null)
        {
            Line("profile", policy.Profile);
        }

        foreach (var (name, value) in (ReadOnlySpan<(string, TimeSpan?)>)[
            ("fail-safe", policy.FailSafe), ("sliding", policy.Sliding), ("refresh ahead", policy.RefreshAhead), ("miss budget", policy.MissBudget)])
        {
            if (value is { } time)
            {
                Line(name, time.ToString("c", CultureInfo.InvariantCulture));
            }
        }

        if (policy.Level != ConsistencyLevel.ReadYourWrites)
        {
            Line("consistency", policy.IsStrict ? "strict: each hit is proven by a look at the log" : $"stale by at most {policy.MaxStaleness:c}");
        }

        if (policy.Strategy != InvalidationStrategy.Cascade)
        {
            Line("invalidation", policy.Strategy == InvalidationStrategy.Entity
                ? "entity: only changes of its main entity end it, others when its ttl is over"
                : "none: no change of a table ends it before its ttl is over");
        }

        if (policy.IgnoresOwnTables)
        {
            Line("depends on", policy.DeclaresDependencies ? "only what is declared" : "nothing: it ends with its ttl");
        }

        foreach (var dependency in policy.IgnoresOwnTables ? [] : plan.Dependencies)
        {
            var rows = dependency.Column is null
                ? $"{dependency.Table.Relation} (every row; {dependency.WhyWhole})"
                : $"{dependency.Table.Relation} where {dependency.Value!.Describe(dependency.Column.Name, _withConstants)}";
            Line("depends on", dependency.Table.ColumnsOf(dependency.Reads) is { } columns ? $"{rows}: {string.Join(", ", columns)}" : rows);
        }

        foreach (var table in policy.Tables)
        {
            Line("depends on", $"{table.Relation} (every row; {(policy.Strategy == InvalidationStrategy.Entity ? "declared, or of its main entity" : "declared")})");
        }

        foreach (var table in policy.ViewTables)
        {
            Line("depends on", $"{table.Relation} (every row; under a view)");
        }

        foreach (var view in policy.RefreshedViews)
        {
            Line("depends on", $"{view} (its refreshes)");
        }

        foreach (var tag in policy.Tags)
        {
            Line("depends on", $"tag {tag}");
        }
    }

    public void AddRenewal(EffectivePolicy policy, EffectivePolicy renewing, bool isListening)
        => Line("while proven", string.Create(CultureInfo.InvariantCulture, $"at most {policy.WhileProven:c}") + (
            !ReferenceEquals(policy, renewing) ? " (renewed from the log)"
            : !isListening ? " (not renewed: no listener)"
            : policy.WhileProven <= policy.LongestTtl ? " (not more than the ttl)"
            : " (not renewed: the log cannot prove it)"));

    public void Add(
        QueryPlan plan, EffectivePolicy policy, IEnumerable<(string Name, string? Value)> scopes, string? version, IReadOnlyDictionary<string, object?> values)
    {
        // query:GetUserPosts:user-456:limit-20:v2
        var key = new StringBuilder("query:").Append(Escaped(policy.Name ?? plan.ShortId));
        foreach (var (name, value) in scopes)
        {
            Line("varies by", name);
            key.Append(':').Append(Escaped(name)).Append('-').Append(Escaped(value));
        }

        foreach (var (name, _) in plan.Parameters)
        {
            key.Append(':').Append(Escaped(name.TrimStart('_', '@'))).Append('-').Append(Escaped(values.GetValueOrDefault(name)));
        }

        if (!string.IsNullOrEmpty(version))
        {
            key.Append(":v").Append(Escaped(version));
        }

        Key = key.ToString();
        Line("key", Key);
    }

    public void Add(CacheKey key, string? bypass, CachedEntry? entry, Freshness freshness, BumpCause? last)
    {
        Line("key id", key.Text);
        Line("now", bypass is not null ? $"reads the database ({bypass})"
            : entry is null ? "not in memory"
            : freshness switch
            {
                Freshness.Fresh => $"a hit in memory: {entry.Rows.RowCount} rows, {entry.HeapSize} bytes, read at {entry.CreatedAt:O}",
                Freshness.Pending => "in memory, but a write of this node is not yet seen in the log",
                Freshness.Silent => "in memory, but nothing was heard from the database for too long",
                _ => "in memory, but changed since, or its time is over",
            });
        if (last is { } cause)
        {
            Line("last ended by", $"{Name(cause)} at {cause.At.ToUniversalTime():O}");
        }
    }

    private static string Name(BumpCause cause)
        => cause.Relation is null ? "this process"
            : cause.Relation == InvalidationTargets.Relation ? "a call to invalidate"
            : $"{cause.Kind switch
        {
            ChangeKind.Created => "an insert into",
            ChangeKind.Deleted => "a delete from",
            ChangeKind.Truncated => "a truncate of",
            _ => "an update of",
        }} {cause.Relation}";

    private void Line(string name, string value)
        => _text.Append(name).Append(": ").AppendLine(value);

    // What separates the parts must not stand in one.
    private static string Escaped(object? value)
    {
        var text = value switch
        {
            null => "null",
            string s => s,
            byte[] bytes => Convert.ToHexStringLower(bytes),
            System.Collections.IEnumerable list => string.Join(",", list.Cast<object?>().Select(Escaped)),
            IFormattable formattable => formattable.ToString(value is DateTime or DateTimeOffset or DateOnly or TimeOnly ? "O" : null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "null",
        };
        return text.Replace("%", "%25", StringComparison.Ordinal).Replace(":", "%3A", StringComparison.Ordinal).Replace("-", "%2D", StringComparison.Ordinal);
    }
}
