using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Shared;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The handlers of one context, as they were registered. Filled while services are registered, read afterwards.</summary>
internal sealed class HandlerRegistry(Type contextType)
{
    private readonly List<HandlerRoute> _routes = [];

    public bool IsEmpty => _routes.Count == 0;

    public void Add(HandlerRoute route) => _routes.Add(route);

    public bool Contains(string name, Type entityType) => _routes.Any(r => r.Name == name && r.EntityType == entityType);

    /// <summary>Finds the captured table of each handler.</summary>
    /// <returns>What is handled, by relation.</returns>
    /// <exception cref="InvalidOperationException">A handler can never be called; the message says why and what to do.</exception>
    public IReadOnlyDictionary<string, EventShape> Resolve(IModel model)
    {
        var capture = CaptureModel.For(model);
        var shapes = new Dictionary<string, EventShape>(StringComparer.Ordinal);
        foreach (var routes in _routes.GroupBy(route => route.EntityType))
        {
            var (entityType, main) = Find(model, capture, routes.First());
            foreach (var route in routes)
            {
                CheckEventType(route, main, capture);
            }

            foreach (var table in capture.Tables.Where(t => t == main || (t.IsPart && t.Entity == main.Entity)))
            {
                var materialiser = table == main ? new EntityMaterialiser(entityType, contextType) : null;
                var shape = new EventShape(main.EventPrefix, [.. main.EventKey.Select(k => k.KeyName)], table.IsPart, materialiser, [.. routes]);
                shapes[table.Relation] = shapes.TryGetValue(table.Relation, out var other)
                    ? shape with { Routes = [.. other.Routes, .. shape.Routes] }
                    : shape;
            }
        }

        return shapes;
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
        if (route.EventType is not { } type || EventNames.All(table.EventPrefix).Contains(type, StringComparer.Ordinal))
        {
            return;
        }

        var owner = capture.Tables.FirstOrDefault(t => EventNames.All(t.EventPrefix).Contains(type, StringComparer.Ordinal));
        var nearest = EventNames.All(table.EventPrefix).OrderBy(known => EditDistance.Between(known, type));
        throw new InvalidOperationException(StateStrings.UnknownEventType(type, route.EntityType.Name, nearest, owner?.Entity));
    }
}
