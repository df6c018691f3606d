using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Sources that are not a table of the model: views, SQL, functions.</summary>
internal static class SourceShapes
{
    public static readonly Shape[] All =
    [
        Shape.List("keyless view", db => db.CustomerTotals.OrderBy(t => t.CustomerId), "not-captured"),
        Shape.List("sql of the model", db => db.ProductQuantities.OrderBy(t => t.Product), "opaque-source"),
        Shape.List("raw sql", db => db.Orders.FromSql($"SELECT * FROM \"Orders\" WHERE \"CustomerId\" = {2} ORDER BY \"Id\""), "opaque-source"),
        Shape.List("raw sql, composed", db => db.Orders.FromSql($"SELECT * FROM \"Orders\" WHERE \"CustomerId\" = {2}").Where(o => o.Discount != null).OrderBy(o => o.Id), "opaque-source"),
        Shape.List("scalars of raw sql", db => db.Database.SqlQuery<int>($"SELECT \"Id\" AS \"Value\" FROM \"Orders\" WHERE \"CustomerId\" = {1}").OrderBy(i => i), "opaque-source"),
        Shape.List("table function", db => db.OrdersOf(2).OrderBy(o => o.Id), "opaque-source"),
        Shape.List("scalar function", db => db.Customers.OrderBy(c => c.Id).Select(c => ShapesContext.Score(c.Id)), "opaque-source"),
    ];
}
