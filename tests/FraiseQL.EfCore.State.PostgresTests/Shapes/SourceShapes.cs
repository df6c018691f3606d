using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Sources that are not a table of the model: views, SQL, functions. What cannot be traced is declared, or refused.</summary>
internal static class SourceShapes
{
    private static readonly Action<CacheableOptionsBuilder> s_orders = o => o.DependsOn<Order>();
    private static readonly Action<CacheableOptionsBuilder> s_tags = o => o.Tags("totals");

    public static readonly Shape[] All =
    [
        Shape.List("view", db => db.CustomerTotals.OrderBy(t => t.CustomerId)),
        Shape.List("view of a view", db => db.Set<BusyCustomer>().OrderBy(t => t.CustomerId)),
        Shape.List("view joined to a table", db => db.CustomerTotals.Join(db.Customers, t => t.CustomerId, c => c.Id, (t, c) => new { t.Orders, c.Credit.Amount }).OrderBy(x => x.Amount)),
        Shape.List("view with the clock in it", db => db.Set<RecentOrder>().OrderBy(t => t.CustomerId), "volatile-function") with { Declares = s_orders },
        Shape.List("materialised view", db => db.Set<FrozenTotal>().OrderBy(t => t.CustomerId), "materialized-view"),
        Shape.List("materialised view, tagged", db => db.Set<FrozenTotal>().OrderBy(t => t.CustomerId)) with { Declares = s_tags },
        Shape.List("sql of the model", db => db.ProductQuantities.OrderBy(t => t.Product), "opaque-source"),
        Shape.List("sql of the model, declared", db => db.ProductQuantities.OrderBy(t => t.Product)) with { Declares = o => o.DependsOn<OrderLine>() },
        Shape.List("raw sql", db => Raw(db, 2), "opaque-source"),
        Shape.List("raw sql, declared", db => Raw(db, 2)) with { Declares = s_orders },
        Shape.List("raw sql, composed", db => Raw(db, 2).Where(o => o.Discount != null).OrderBy(o => o.Id), "opaque-source"),
        Shape.List("raw sql, composed and declared", db => Raw(db, 2).Include(o => o.Lines).Where(o => o.Discount != null).OrderBy(o => o.Id)) with { Declares = s_orders },
        Shape.Of("raw sql, counted and declared", db => Raw(db, 2).Where(o => o.Discount != null), q => q.Count(), q => q.CountAsync()) with { Declares = s_orders },
        Shape.Of("raw sql, asked for any and declared", db => Raw(db, 2), q => q.Any(), q => q.AnyAsync()) with { Declares = s_orders },
        Shape.List("raw sql without parameters", db => db.Orders.FromSqlRaw("SELECT * FROM \"Orders\"").OrderBy(o => o.Id)) with { Declares = s_orders },
        Shape.List("raw sql that locks", db => db.Orders.FromSql($"SELECT * FROM \"Orders\" WHERE \"Id\" = {1} FOR UPDATE"), "sql-writes") with { Declares = s_orders },
        Shape.List("raw sql that writes", db => db.Orders.FromSql($"UPDATE \"Orders\" SET \"Status\" = \"Status\" WHERE \"Id\" = {1} RETURNING *"), "sql-writes") with { Declares = s_orders },
        Shape.List("raw sql with the clock in it", db => db.Orders.FromSql($"SELECT * FROM \"Orders\" WHERE \"PlacedAt\" < now()").OrderBy(o => o.Id), "volatile-function") with { Declares = s_orders },
        Shape.List("scalars of raw sql", db => Scalars(db, 1), "opaque-source"),
        Shape.List("scalars of raw sql, tagged", db => Scalars(db, 1)) with { Declares = s_tags },
        Shape.List("table function", db => db.OrdersOf(2).OrderBy(o => o.Id), "opaque-source"),
        Shape.List("table function, declared", db => db.OrdersOf(2).OrderBy(o => o.Id)) with { Declares = s_orders },
        Shape.List("scalar function", db => db.Customers.OrderBy(c => c.Id).Select(c => ShapesContext.Score(c.Id)), "opaque-source"),
        Shape.List("scalar function, declared", db => db.Customers.OrderBy(c => c.Id).Select(c => ShapesContext.Score(c.Id))) with { Declares = s_orders },
    ];

    private static IQueryable<Order> Raw(ShapesContext db, int customer) => db.Orders.FromSql($"SELECT * FROM \"Orders\" WHERE \"CustomerId\" = {customer}");

    private static IQueryable<int> Scalars(ShapesContext db, int customer)
        => db.Database.SqlQuery<int>($"SELECT \"Id\" AS \"Value\" FROM \"Orders\" WHERE \"CustomerId\" = {customer}").OrderBy(i => i);
}
