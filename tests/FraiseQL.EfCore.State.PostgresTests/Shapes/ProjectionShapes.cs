using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Projections, joins, groups, set operations, subqueries.</summary>
internal static class ProjectionShapes
{
    public static readonly Shape[] All =
    [
        Shape.List("scalar column", db => db.Customers.OrderBy(c => c.Id).Select(c => c.Name)),
        Shape.List("nullable column", db => db.Orders.OrderBy(o => o.Id).Select(o => o.Discount)),
        Shape.List("enum column", db => db.Orders.OrderBy(o => o.Id).Select(o => o.Status)),
        Shape.List("anonymous type", db => db.Orders.OrderBy(o => o.Id).Select(o => new { o.Id, o.PlacedAt, o.Customer!.Name })),
        Shape.List("record", db => db.Orders.OrderBy(o => o.Id).Select(o => new OrderRow(o.Id, o.Discount, o.Status))),
        Shape.List("value tuple on the client", db => db.Orders.OrderBy(o => o.Id).Select(o => new ValueTuple<int, Guid>(o.Id, o.Number))),
        Shape.List("entity within a projection", db => db.Orders.OrderBy(o => o.Id).Select(o => new { Order = o, o.Customer!.Name })),
        Shape.List("collection within a projection", db => db.Customers.OrderBy(c => c.Id).Select(c => new { c.Name, Orders = c.Orders.OrderBy(o => o.Id).Select(o => o.Number).ToList() })),
        Shape.List("client projection", db => db.Customers.OrderBy(c => c.Id).Select(c => Shout(c.Name) + c.Id)),
        Shape.List("constant projection", db => db.Customers.OrderBy(c => c.Id).Select(c => 1)),
        Shape.List("conditional", db => db.Orders.OrderBy(o => o.Id).Select(o => o.Discount == null ? "none" : "some")),
        Shape.List("inner join", db => db.Orders.Join(db.Customers, o => o.CustomerId, c => c.Id, (o, c) => new { o.Id, c.Name }).OrderBy(x => x.Id)),
        Shape.List("left join", db => db.Customers.LeftJoin(db.Orders, c => c.Id, o => o.CustomerId, (c, o) => new { c.Name, Order = (int?)o!.Id }).OrderBy(x => x.Name).ThenBy(x => x.Order)),
        Shape.List("right join", db => db.Orders.Where(o => o.Id > 2).RightJoin(db.Customers, o => o.CustomerId, c => c.Id, (o, c) => new { c.Name, Order = (int?)o!.Id }).OrderBy(x => x.Name).ThenBy(x => x.Order)),
        Shape.List("cross join", db => db.Clubs.SelectMany(_ => db.Courses, (a, b) => new { a.Name, b.Title }).OrderBy(x => x.Name).ThenBy(x => x.Title)),
        Shape.List("lateral join", db => db.Customers.OrderBy(c => c.Id).SelectMany(c => c.Orders.OrderByDescending(o => o.Id).Take(1), (c, o) => new { c.Id, Order = o.Id })),
        Shape.List("group, aggregated", db => db.Orders.GroupBy(o => o.CustomerId).Select(g => new { g.Key, Count = g.Count(), Most = g.Max(o => o.Discount) }).OrderBy(g => g.Key)),
        Shape.List("group, having", db => db.Lines.GroupBy(l => l.Product).Where(g => g.Sum(l => l.Quantity) > 5).Select(g => g.Key).OrderBy(p => p)),
        Shape.List("group, by two columns", db => db.Lines.GroupBy(l => new { l.Product, l.Position }).Select(g => new { g.Key.Product, g.Key.Position, Sum = g.Sum(l => l.Quantity) }).OrderBy(g => g.Product)),
        Shape.List("group, final", db => db.Orders.OrderBy(o => o.Id).GroupBy(o => o.CustomerId)),
        Shape.List("group, first of each", db => db.Orders.GroupBy(o => o.CustomerId).OrderBy(g => g.Key).Select(g => g.OrderBy(o => o.Id).First())),
        Shape.List("union", db => db.Customers.Select(c => c.Name).Union(db.Courses.Select(c => c.Title)).OrderBy(n => n)),
        Shape.List("union of entities", db => db.Customers.Where(c => c.Id < 3).Union(db.Customers.Where(c => c.Id > 1)).OrderBy(c => c.Id)),
        Shape.List("concat", db => db.Customers.Select(c => c.Name).Concat(db.Customers.Select(c => c.Name)).OrderBy(n => n)),
        Shape.List("intersect", db => db.Orders.Select(o => o.CustomerId).Intersect(db.Customers.Select(c => c.Id)).OrderBy(i => i)),
        Shape.List("except", db => db.Customers.Select(c => c.Id).Except(db.Orders.Select(o => o.CustomerId))),
        Shape.List("distinct", db => db.Lines.Select(l => l.Product).Distinct().OrderBy(p => p)),
        Shape.List("distinct by", db => db.Lines.GroupBy(l => l.Product).Select(g => new { g.Key, First = g.Min(l => l.OrderId) }).OrderBy(x => x.Key)),
        Shape.List("page", db => db.Orders.OrderBy(o => o.PlacedAt).Skip(2).Take(3)),
        Shape.List("page of a page", db => db.Orders.OrderBy(o => o.Id).Take(5).OrderByDescending(o => o.Id).Skip(1).Take(2)),
        Shape.List("exists", db => db.Customers.Where(c => db.Orders.Any(o => o.CustomerId == c.Id && o.Discount != null)).OrderBy(c => c.Id)),
        Shape.List("not exists", db => db.Customers.Where(c => !c.Orders.Any()).OrderBy(c => c.Id)),
        Shape.List("all in a subquery", db => db.Customers.Where(c => c.Orders.All(o => o.Lines.Count > 0)).OrderBy(c => c.Id).Select(c => c.Id)),
        Shape.List("scalar subquery", db => db.Customers.OrderBy(c => c.Id).Select(c => new { c.Id, Last = c.Orders.Max(o => (DateTime?)o.PlacedAt) })),
        Shape.List("in a subquery", db => db.Customers.Where(c => db.Orders.Where(o => o.Discount > 0.6m).Select(o => o.CustomerId).Contains(c.Id)).OrderBy(c => c.Id)),
        Shape.List("many to many, through", db => db.Courses.Where(c => c.Students.Any(s => s.Name == "Student 2")).OrderBy(c => c.Id).Select(c => c.Title)),
        Shape.List("parameters", db => Parameters(db, 2, "Customer 3", null)),
        Shape.List("array parameter", db => In(db, [1, 3])),
        Shape.List("list parameter", db => InList(db, [1, 4])),
        Shape.List("empty array parameter", db => In(db, [])),
        Shape.List("array parameter as constants", db => InConstants(db, [2, 3])),
        Shape.List("array parameter as one parameter", db => InParameter(db, [2, 3])),
        Shape.List("array parameter as many parameters", db => InParameters(db, [2, 3])),
        Shape.List("constant instead of a parameter", db => Constant(db, 3)),
        Shape.List("guid parameter", db => ByNumber(db, new Guid(2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8))),
        Shape.List("text functions", db => db.Customers.Where(c => c.Name.Trim().StartsWith("Cust") || EF.Functions.ILike(c.Name, "%R 3")).OrderBy(c => c.Id).Select(c => c.Name.Substring(0, 3).Length)),
        Shape.List("time functions", db => db.Orders.Where(o => o.PlacedAt.Month == 2).OrderBy(o => o.Id).Select(o => o.PlacedAt.AddDays(1))),
        Shape.List("the clock of the server", db => db.Orders.Where(o => o.PlacedAt < DateTime.UtcNow).OrderBy(o => o.Id).Select(o => o.Id), "volatile-function"),
        Shape.List("a new identifier from the server", db => db.Customers.Where(c => c.Id == 1).Select(c => new { c.Id, Same = Guid.NewGuid() == Guid.Empty }), "volatile-function"),
    ];

    private static string Shout(string text) => text.ToUpperInvariant() + "!";

    private static IQueryable<Customer> Parameters(ShapesContext db, int id, string name, string? city)
        => db.Customers.Where(c => c.Id == id || c.Name == name || (c.Home != null && c.Home.City == city)).OrderBy(c => c.Id);

    private static IQueryable<Customer> In(ShapesContext db, int[] ids) => db.Customers.Where(c => ids.Contains(c.Id)).OrderBy(c => c.Id);

    private static IQueryable<Customer> InList(ShapesContext db, List<int> ids) => db.Customers.Where(c => ids.Contains(c.Id)).OrderBy(c => c.Id);

    private static IQueryable<Customer> InConstants(ShapesContext db, int[] ids) => db.Customers.Where(c => EF.Constant(ids).Contains(c.Id)).OrderBy(c => c.Id);

    private static IQueryable<Customer> InParameter(ShapesContext db, int[] ids) => db.Customers.Where(c => EF.Parameter(ids).Contains(c.Id)).OrderBy(c => c.Id);

    private static IQueryable<Customer> InParameters(ShapesContext db, int[] ids)
        => db.Customers.Where(c => EF.MultipleParameters(ids).Contains(c.Id)).OrderBy(c => c.Id);

    private static IQueryable<Customer> Constant(ShapesContext db, int id) => db.Customers.Where(c => c.Id == EF.Constant(id));

    private static IQueryable<Order> ByNumber(ShapesContext db, Guid number) => db.Orders.Where(o => o.Number == number);

    internal sealed record OrderRow(int Id, decimal? Discount, OrderStatus Status);
}
