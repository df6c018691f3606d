using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// Puts together what applies to a plan: the call says most, then its profile, then the entities' defaults (of several, the shortest), then
/// <c>CacheAllQueries(ttl)</c>, then <c>Cache:DefaultTtl</c>. Stateless.
/// </summary>
internal static class PolicyResolver
{
    public static EffectivePolicy Resolve(FraiseQLStateOptions options, QueryPlan plan, IModel model, CacheableOptions call, TimeSpan? implicitTtl)
    {
        var cache = options.Cache;
        var profile = call.Profile is { } name ? Profile(cache, name) : null;
        var entity = EntityDefault(cache, plan, model, out var entityProfile);
        var (ttl, source) =
            call.Ttl is { } t1 ? (t1, "call")
            : profile?.Ttl is { } t2 ? (t2, "profile")
            : entity?.Ttl is { } t3 ? (t3, "entity")
            : implicitTtl is { } t4 ? (t4, "CacheAllQueries")
            : (cache.DefaultTtl, "default");

        // A level's own time belongs to the ttl beside which it was set.
        var levels = call.Ttl is not null || call.L1Ttl is not null || call.L2Ttl is not null ? call : profile ?? entity;
        var refresh = call.RefreshAhead ?? profile?.RefreshAhead ?? entity?.RefreshAhead;
        if (refresh >= (levels?.L1Ttl ?? ttl))
        {
            throw new InvalidOperationException(StateStrings.RefreshAheadTooLong(refresh.Value, levels?.L1Ttl ?? ttl));
        }

        var (level, staleness) = Consistency(options, call, profile, entity);
        var strategy = Strategy(options, plan, model, call, level, out var main);
        return new EffectivePolicy
        {
            L1Ttl = levels?.L1Ttl ?? ttl,
            L2Ttl = levels?.L2Ttl ?? ttl,
            TtlSource = source,
            Profile = call.Profile ?? entityProfile,
            Name = call.Name,
            PerUser = call.PerUser ?? profile?.PerUser ?? entity?.PerUser ?? false,
            FailSafe = call.FailSafe ?? profile?.FailSafe ?? entity?.FailSafe,
            Sliding = call.Sliding ?? profile?.Sliding ?? entity?.Sliding,
            RefreshAhead = refresh,
            MissBudget = call.MissBudget ?? profile?.MissBudget ?? entity?.MissBudget,
            WhileProven = call.WhileProven ?? profile?.WhileProven ?? entity?.WhileProven ?? cache.WhileProven,
            Level = level,
            MaxStaleness = staleness,
            OwnWritesToo = call.OwnWritesToo,
            IgnoresOwnTables = call.IgnoresOwnTables || strategy != InvalidationStrategy.Cascade,
            Strategy = strategy,
            Tags = [.. call.Tags.Values.ToArray().Order(StringComparer.Ordinal)],
            Tables = [.. call.DependsOn.Values.ToArray().SelectMany(type => TablesOf(model, type)).Concat(main).Distinct().OrderBy(t => t.Relation, StringComparer.Ordinal)],
        };
    }

    private static (ConsistencyLevel Level, TimeSpan? MaxStaleness) Consistency(
        FraiseQLStateOptions options, CacheableOptions call, CacheableOptions? profile, CacheableOptions? entity)
    {
        var ignoresAll = call.IgnoresOwnTables && call.DependsOn.Count == 0;
        if (ignoresAll && call.Level is ConsistencyLevel.Strict or ConsistencyLevel.BoundedStaleness)
        {
            throw new InvalidOperationException(StateStrings.UntilExpiredWithLevel);
        }

        var says = call.Level is not null ? call : profile?.Level is not null ? profile : entity?.Level is not null ? entity : null;
        var level = says?.Level ?? options.Consistency.Default;
        if (level != ConsistencyLevel.BoundedStaleness || ignoresAll)
        {
            return (ignoresAll ? ConsistencyLevel.ReadYourWrites : level, null);
        }

        var bound = says?.MaxStaleness ?? options.Consistency.MaxStaleness
            ?? throw new InvalidOperationException(StateStrings.NoStalenessBound("The level of this query"));
        var least = 2 * options.Cdc.IdlePollInterval;
        return bound >= least ? (level, bound) : throw new InvalidOperationException(StateStrings.StalenessTooShort(bound, least));
    }

    // A relaxation applies where it is understood: everywhere else every change counts.
    private static InvalidationStrategy Strategy(
        FraiseQLStateOptions options, QueryPlan plan, IModel model, CacheableOptions call, ConsistencyLevel level, out List<CapturedTable> main)
    {
        main = [];
        var wanted = call.Strategy ?? options.Cache.Invalidation.Strategy;
        if (wanted == InvalidationStrategy.Cascade || call.IgnoresOwnTables || level != ConsistencyLevel.ReadYourWrites
            || plan.Policy.IsSplit || plan.Refusal is not null || plan.Views.Count > 0)
        {
            return InvalidationStrategy.Cascade;
        }

        if (wanted == InvalidationStrategy.Entity)
        {
            main = plan.Policy.Root is { } root && model.FindEntityType(root) is { } entity ? TablesOf(model, [entity]) : [];
            return main.Count > 0 ? wanted : InvalidationStrategy.Cascade;
        }

        return wanted;
    }

    private static CacheableOptions Profile(CacheOptions cache, string name)
        => cache.Profiles.TryGetValue(name, out var profile)
            ? profile.ToOptions()
            : throw new InvalidOperationException(StateStrings.UnknownProfile(name, cache.Profiles.Keys));

    private static CacheableOptions? EntityDefault(CacheOptions cache, QueryPlan plan, IModel model, out string? profile)
    {
        CacheableOptions? shortest = null;
        profile = null;
        foreach (var entityType in model.GetEntityTypes())
        {
            var name = entityType.FindAnnotation(StateAnnotations.CacheProfile)?.Value as string;
            var ticks = entityType.FindAnnotation(StateAnnotations.CacheTtl)?.Value as long?;
            if ((name is null && ticks is null) || !plan.Reads(entityType))
            {
                continue;
            }

            var options = name is null ? CacheableOptions.Default : Profile(cache, name);
            if (ticks is { } own)
            {
                options = options with { Ttl = TimeSpan.FromTicks(own) };
            }

            var perUser = (shortest?.PerUser ?? false) || (options.PerUser ?? false);
            if (shortest is null || (options.Ttl ?? cache.DefaultTtl) < (shortest.Ttl ?? cache.DefaultTtl))
            {
                shortest = options;
                profile = name;
            }

            shortest = perUser ? shortest with { PerUser = true } : shortest;
        }

        return shortest;
    }

    private static List<CapturedTable> TablesOf(IModel model, Type type)
    {
        var tables = TablesOf(model, model.FindEntityTypes(type));
        return tables.Count > 0 ? tables : throw new InvalidOperationException(StateStrings.DependsOnNotCaptured(type.Name));
    }

    private static List<CapturedTable> TablesOf(IModel model, IEnumerable<IEntityType> types)
    {
        var captured = CaptureModel.For(model);
        return types
            .SelectMany(e => e.GetDerivedTypesInclusive())
            .SelectMany(e => e.GetTableMappings())
            .Select(m => captured.Find(m.Table.Schema, m.Table.Name))
            .OfType<CapturedTable>()
            .ToList();
    }
}
