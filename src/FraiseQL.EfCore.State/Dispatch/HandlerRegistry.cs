using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Shared;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The handlers of one context, as they were registered. Filled while services are registered, read afterwards.</summary>
internal sealed class HandlerRegistry(Type contextType)
{
    private readonly List<HandlerRoute> _routes = [];
    private readonly Dictionary<string, HandlerGroupOptions> _options = new(StringComparer.Ordinal);

    public bool IsEmpty => _routes.Count == 0;

    /// <summary>The groups that run once per cluster, as they were named; <see langword="null"/> is the context's own.</summary>
    public IEnumerable<string?> CompetingGroups => _routes.Where(r => !r.Settings.IsBroadcast).Select(r => r.Settings.Group).Distinct();

    public void Add(HandlerRoute route)
    {
        route.Ordinal = 1 + _routes.Count(other => other.Name == route.Name);
        _routes.Add(route);
    }

    /// <summary>Adds the route of a class, unless it is there.</summary>
    public void AddOnce(HandlerRoute route)
    {
        if (!_routes.Any(r => r.Name == route.Name && r.EntityType == route.EntityType
            && r.Settings.Group == route.Settings.Group && r.Settings.IsBroadcast == route.Settings.IsBroadcast))
        {
            _routes.Add(route);
        }
    }

    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public void Configure(string? group, Action<HandlerGroupOptions> configure)
    {
        if (!_options.TryGetValue(group ?? "", out var options))
        {
            _options[group ?? ""] = options = new HandlerGroupOptions();
        }

        configure(options);
        if (options.Lanes is < 1 or > 256)
        {
            throw new ArgumentException(StateStrings.OptionOutOfRange("HandlerGroupOptions.Lanes", $"{options.Lanes}", "1", "256", null), nameof(configure));
        }

        if (options.StartAfter is { } position && !FeedPosition.TryParse(position, out _, out _))
        {
            throw new ArgumentException(StateStrings.NotAPosition("HandlerGroupOptions.StartAfter"), nameof(configure));
        }
    }

    /// <summary>Finds the captured tables of all handlers, group by group.</summary>
    /// <exception cref="InvalidOperationException">A handler can never be called; the message says why and what to do.</exception>
    public IReadOnlyList<HandlerGroupPlan> ResolveGroups(IModel model)
    {
        if (_options.Keys.FirstOrDefault(name => !_routes.Any(r => !r.Settings.IsBroadcast && (r.Settings.Group ?? "") == name)) is { } unknown)
        {
            throw new InvalidOperationException(StateStrings.NoHandlerInGroup(unknown));
        }

        var groups = new List<HandlerGroupPlan>();
        foreach (var routes in _routes.GroupBy(route => (route.Settings.Group, route.Settings.IsBroadcast)))
        {
            var (name, isBroadcast) = routes.Key;
            CheckInboxes([.. routes.Where(route => route.Settings.HasInbox)], isBroadcast);
            groups.Add(new HandlerGroupPlan(
                name, isBroadcast, isBroadcast ? new HandlerGroupOptions() : _options.GetValueOrDefault(name ?? "") ?? new HandlerGroupOptions(),
                Resolve(model, [.. routes])));
        }

        return groups;
    }

    /// <summary>Finds the captured table of each handler.</summary>
    /// <returns>What is handled, by relation.</returns>
    /// <exception cref="InvalidOperationException">A handler can never be called; the message says why and what to do.</exception>
    public IReadOnlyDictionary<string, EventShape> Resolve(IModel model) => Resolve(model, _routes);

    private Dictionary<string, EventShape> Resolve(IModel model, List<HandlerRoute> all)
    {
        var capture = CaptureModel.For(model);
        var shapes = new Dictionary<string, EventShape>(StringComparer.Ordinal);
        foreach (var routes in all.GroupBy(route => route.EntityType))
        {
            var (entityType, main) = Find(model, capture, routes.First());
            var columns = Columns(entityType, main);
            foreach (var route in routes)
            {
                CheckEventType(route, main, capture);
                CheckConditions(route, main, columns);
            }

            foreach (var table in capture.Tables.Where(t => t == main || (t.IsPart && t.Entity == main.Entity)))
            {
                var isMain = table == main;
                var materialiser = isMain ? new EntityMaterialiser(entityType, contextType) : null;
                var shape = new EventShape(
                    main.EventPrefix, [.. main.EventKey.Select(k => k.KeyName)], table.IsPart, materialiser, [.. routes], isMain ? columns : null, main.EventTypes);
                shapes[table.Relation] = shapes.TryGetValue(table.Relation, out var other)
                    ? shape with { Routes = [.. other.Routes, .. shape.Routes] }
                    : shape;
            }
        }

        return shapes;
    }

    private static Dictionary<string, ColumnValue> Columns(IEntityType entityType, CapturedTable table)
    {
        var store = StoreObjectIdentifier.Table(table.Name, entityType.GetSchema());
        var columns = new Dictionary<string, ColumnValue>(StringComparer.Ordinal);
        foreach (var property in entityType.GetFlattenedProperties())
        {
            if (property.DeclaringType is IEntityType && property.GetColumnName(store) is { } column)
            {
                columns[property.Name] = new ColumnValue(property, column);
            }
        }

        return columns;
    }

    private static void CheckConditions(HandlerRoute route, CapturedTable table, Dictionary<string, ColumnValue> columns)
    {
        var check = new ConditionCheck(route.Name, table, columns);
        foreach (var (entityType, condition) in route.Settings.Conditions)
        {
            if (entityType == route.EntityType)
            {
                check.Visit(condition);
            }
        }
    }

    private static void CheckInboxes(List<HandlerRoute> routes, bool isBroadcast)
    {
        if (isBroadcast && routes.Count > 0)
        {
            throw new InvalidOperationException(StateStrings.InboxOfBroadcast(routes[0].Name));
        }

        if (routes.GroupBy(route => route.InboxName).FirstOrDefault(same => same.Select(r => r.EntityType).Distinct().Count() < same.Count()) is { } twice)
        {
            throw new InvalidOperationException(StateStrings.InboxNameTwice(twice.Key));
        }
    }

    private (IEntityType EntityType, CapturedTable Table) Find(IModel model, CaptureModel capture, HandlerRoute route)
    {
        var context = contextType.Name;
        var entity = route.EntityType.Name;
        if (model.GetEntityTypes().FirstOrDefault(type => type.ClrType == route.EntityType && !type.HasSharedClrType && !type.IsOwned())
            is not { } entityType)
        {
            throw new InvalidOperationException(StateStrings.HandlerOfUnknownEntity(route.Name, entity, context));
        }

        if (entityType.BaseType is not null)
        {
            throw new InvalidOperationException(StateStrings.HandlerOfDerivedEntity(route.Name, entity, entityType.GetRootType().ClrType.Name));
        }

        var table = entityType.GetTableName() is { } name ? capture.Find(entityType.GetSchema(), name) : null;
        return table is null
            ? throw new InvalidOperationException(StateStrings.HandlerOfUncapturedEntity(route.Name, entity, context))
            : (entityType, table);
    }

    private static void CheckEventType(HandlerRoute route, CapturedTable table, CaptureModel capture)
    {
        if (route.EventType is not { } type || table.EventTypes.Values.Contains(type, StringComparer.Ordinal))
        {
            return;
        }

        var owner = capture.Tables.FirstOrDefault(t => t.EventTypes.Values.Contains(type, StringComparer.Ordinal));
        var nearest = table.EventTypes.Values.OrderBy(known => EditDistance.Between(known, type));
        throw new InvalidOperationException(StateStrings.UnknownEventType(type, route.EntityType.Name, nearest, owner?.Entity));
    }
}
