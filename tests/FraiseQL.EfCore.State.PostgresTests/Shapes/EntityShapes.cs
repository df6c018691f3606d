using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Entities of every mapping, with what is included, tracked and not.</summary>
internal static class EntityShapes
{
    public static readonly Shape[] All =
    [
        Shape.List("entities", db => db.Customers.OrderBy(c => c.Id)),
        Shape.List("entities, no tracking", db => db.Customers.OrderBy(c => c.Id).AsNoTracking()),
        Shape.List("no entities", db => db.Customers.Where(c => c.Id < 0)),
        Shape.List("by key", db => db.Customers.Where(c => c.Id == 2)),
        Shape.List("composite key", db => db.Lines.Where(l => l.OrderId == 2 && l.Position == 1)),
        Shape.List("alternate key", db => db.Orders.Include(o => o.Shipments).OrderBy(o => o.Id)),
        Shape.List("shadow property", db => db.Orders.Where(o => EF.Property<string>(o, "ModifiedBy") == "clerk").OrderBy(o => o.Id)),
        Shape.List("value converter", db => db.Orders.Where(o => o.Status == OrderStatus.Paid).OrderBy(o => o.Id)),
        Shape.List("table per hierarchy", db => db.Animals.OrderBy(a => a.Id)),
        Shape.List("table per hierarchy, of type", db => db.Animals.OfType<Cat>().Include(c => c.Friend).OrderBy(a => a.Id)),
        Shape.List("table per hierarchy, include of a derived type", db => db.Animals.Include(a => ((Cat)a).Friend).OrderBy(a => a.Id)),
        Shape.List("table per type", db => db.Vehicles.OrderBy(v => v.Id)),
        Shape.List("table per type, of type", db => db.Vehicles.OfType<Truck>().OrderBy(v => v.Id)),
        Shape.List("table per concrete type", db => db.Payments.OrderBy(p => p.Id)),
        Shape.List("table per concrete type, of type", db => db.Payments.OfType<CardPayment>().OrderBy(p => p.Id)),
        Shape.List("table splitting", db => db.Articles.Include(a => a.Body).OrderBy(a => a.Id)),
        Shape.List("table splitting, one half", db => db.Articles.OrderBy(a => a.Id).Take(2)),
        Shape.List("entity splitting", db => db.Profiles.Where(p => p.Biography.StartsWith("Life")).OrderBy(p => p.Id)),
        Shape.List("json, owned and complex", db => db.Devices.OrderBy(d => d.Id)),
        Shape.List("json, no tracking", db => db.Devices.OrderBy(d => d.Id).AsNoTracking()),
        Shape.List("json in the predicate", db => db.Devices.Where(d => d.Settings.Theme == "light" && d.Place.Floor > 1).OrderBy(d => d.Id)),
        Shape.List("json projected", db => db.Devices.OrderBy(d => d.Id).Select(d => new { d.Settings.Volume, d.Place.Room, Rules = d.Settings.Rules.Count })),
        Shape.List("json subtree", db => db.Devices.OrderBy(d => d.Id).AsNoTracking().Select(d => d.Settings)),
        Shape.List("primitive collection", db => db.Devices.Where(d => d.Readings.Contains(2)).OrderBy(d => d.Id).Select(d => d.Readings)),
        Shape.List("primitive collection, length", db => db.Customers.Where(c => c.Labels.Count > 1).OrderBy(c => c.Id)),
        Shape.List("complex type", db => db.Customers.Where(c => c.Credit.Currency == "EUR").OrderBy(c => c.Id).Select(c => c.Credit)),
        Shape.List("owned reference", db => db.Customers.Where(c => c.Home!.City == "Lyon").OrderBy(c => c.Id).AsNoTracking().Select(c => c.Home)),
        Shape.List("owned collection", db => db.Customers.OrderBy(c => c.Id).AsNoTracking().Select(c => c.Phones)),
        Shape.List("many to many", db => db.Students.Include(s => s.Courses.OrderBy(c => c.Id)).OrderBy(s => s.Id)),
        Shape.List("many to many with payload", db => db.Students.Include(s => s.Clubs).Include(s => s.Memberships).OrderBy(s => s.Id)),
        Shape.List("self reference", db => db.Categories.Include(c => c.Children).ThenInclude(c => c.Children).Where(c => c.ParentId == null)),
        Shape.List("self reference, upwards", db => db.Categories.Include(c => c.Parent!.Parent).Where(c => c.Name == "Music new")),
        Shape.List("include reference", db => db.Orders.Include(o => o.Customer).OrderBy(o => o.Id)),
        Shape.List("include collection", db => db.Customers.Include(c => c.Orders).OrderBy(c => c.Id)),
        Shape.List("include, then include", db => db.Customers.Include(c => c.Orders).ThenInclude(o => o.Lines).OrderBy(c => c.Id)),
        Shape.List("include, two branches", db => db.Customers.Include(c => c.Orders).ThenInclude(o => o.Lines)
            .Include(c => c.Orders).ThenInclude(o => o.Shipments).OrderBy(c => c.Id)),
        Shape.List("include, filtered", db => db.Customers.Include(c => c.Orders.Where(o => o.Discount != null).OrderByDescending(o => o.Id).Take(1)).OrderBy(c => c.Id)),
        Shape.List("include, no tracking", db => db.Orders.Include(o => o.Customer).Include(o => o.Lines).OrderBy(o => o.Id).AsNoTracking()),
        Shape.List("include, identity resolution", db => db.Orders.Include(o => o.Customer).OrderBy(o => o.Id).AsNoTrackingWithIdentityResolution()),
        Shape.List("include, paged", db => db.Customers.OrderBy(c => c.Id).Skip(1).Take(2).Include(c => c.Orders)),
        Shape.List("global filters", db => db.Notes.OrderBy(n => n.Id)),
        Shape.List("global filters ignored", db => db.Notes.IgnoreQueryFilters().OrderBy(n => n.Id)),
        Shape.List("one global filter ignored", db => db.Notes.IgnoreQueryFilters(["deleted"]).OrderBy(n => n.Id)),
        Shape.List("tags", db => db.Customers.TagWith("shown\nto the server").TagWithCallSite().Where(c => c.Id == 1)),
        Shape.List("pooled context", db => db.Customers.Include(c => c.Orders).OrderBy(c => c.Id)) with { Context = ContextKind.Pooled },
        Shape.List("retrying strategy", db => db.Customers.Include(c => c.Orders).OrderBy(c => c.Id)) with { Context = ContextKind.Retrying },
        Shape.List("retrying strategy, projection", db => db.Orders.OrderBy(o => o.Id).Select(o => new { o.PlacedAt, o.Discount })) with { Context = ContextKind.Retrying },
        Shape.List("split query", db => db.Customers.Include(c => c.Orders).OrderBy(c => c.Id).AsSplitQuery()),
        Shape.List("split query, several levels", db => db.Customers.Include(c => c.Orders).ThenInclude(o => o.Lines)
            .Include(c => c.Orders).ThenInclude(o => o.Shipments).OrderBy(c => c.Id).AsSplitQuery()),
        Shape.List("split query, nothing found", db => db.Customers.Where(c => c.Id < 0).Include(c => c.Orders).AsSplitQuery()),
        Shape.List("split query, no tracking", db => db.Customers.Include(c => c.Orders).Include(c => c.Phones).OrderBy(c => c.Id).AsSplitQuery().AsNoTracking()),
        Shape.List("split query, projection", db => db.Customers.OrderBy(c => c.Id).Select(c => new { c.Name, Orders = c.Orders.OrderBy(o => o.Id).Select(o => o.Number).ToList() }).AsSplitQuery()),
        Shape.List("split query, parameter of a child", db => SplitByDiscount(db, 0.6m)),
        Shape.List("split query, many to many", db => db.Students.Include(s => s.Courses).OrderBy(s => s.Id).AsSplitQuery()),
        Shape.List("split query, paged", db => db.Customers.OrderBy(c => c.Id).Skip(1).Take(2).Include(c => c.Orders).AsSplitQuery()),
        Shape.List("split query, retrying strategy", db => db.Customers.Include(c => c.Orders).OrderBy(c => c.Id).AsSplitQuery()) with { Context = ContextKind.Retrying },
        Shape.Of("split query, first", db => db.Customers.Include(c => c.Orders).OrderBy(c => c.Id).AsSplitQuery(), q => q.First(), q => q.FirstAsync()),
        Shape.Of("split query, single", db => db.Customers.Include(c => c.Orders).AsSplitQuery(), q => q.Single(c => c.Id == 2), q => q.SingleAsync(c => c.Id == 2)),
    ];

    private static IQueryable<Customer> SplitByDiscount(ShapesContext db, decimal least)
        => db.Customers.Include(c => c.Orders.Where(o => o.Discount > least).OrderBy(o => o.Id)).OrderBy(c => c.Id).AsSplitQuery();
}
