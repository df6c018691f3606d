using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Queries that were compiled once, by EF's own <c>EF.Compile…Query</c>.</summary>
internal static class CompiledShapes
{
    private static readonly Func<ShapesContext, int, IEnumerable<Order>> s_plain
        = EF.CompileQuery((ShapesContext db, int customer) => db.Orders.Include(o => o.Lines).Where(o => o.CustomerId == customer).OrderBy(o => o.Id).AsQueryable());

    private static readonly Func<ShapesContext, int, IEnumerable<Order>> s_cached
        = EF.CompileQuery((ShapesContext db, int customer) => db.Orders.Include(o => o.Lines).Where(o => o.CustomerId == customer).OrderBy(o => o.Id).TagWith("sync").Cacheable(Mark.Ttl));

    private static readonly Func<ShapesContext, int, IAsyncEnumerable<Order>> s_plainAsync
        = EF.CompileAsyncQuery((ShapesContext db, int customer) => db.Orders.Include(o => o.Lines).Where(o => o.CustomerId == customer).OrderBy(o => o.Id).AsQueryable());

    private static readonly Func<ShapesContext, int, IAsyncEnumerable<Order>> s_cachedAsync
        = EF.CompileAsyncQuery((ShapesContext db, int customer) => db.Orders.Include(o => o.Lines).Where(o => o.CustomerId == customer).OrderBy(o => o.Id).TagWith("async").Cacheable(Mark.Ttl));

    private static readonly Func<ShapesContext, int, string?> s_plainScalar
        = EF.CompileQuery((ShapesContext db, int id) => db.Customers.Where(c => c.Id == id).Select(c => c.Name).FirstOrDefault());

    private static readonly Func<ShapesContext, int, TimeSpan, string?> s_cachedScalar
        = EF.CompileQuery((ShapesContext db, int id, TimeSpan ttl) => db.Customers.Where(c => c.Id == id).Select(c => c.Name).TagWith("compiled").Cacheable(ttl).FirstOrDefault());

    private static readonly Func<ShapesContext, int, Task<string?>> s_plainScalarAsync
        = EF.CompileAsyncQuery((ShapesContext db, int id) => db.Customers.Where(c => c.Id == id).Select(c => c.Name).FirstOrDefault());

    private static readonly Func<ShapesContext, int, TimeSpan, Task<string?>> s_cachedScalarAsync
        = EF.CompileAsyncQuery((ShapesContext db, int id, TimeSpan ttl) => db.Customers.Where(c => c.Id == id).Select(c => c.Name).TagWith("compiled async").Cacheable(ttl).FirstOrDefault());

    public static readonly Shape[] All =
    [
        new(
            "compiled, list",
            (db, m) => (m.Cached ? s_cached(db, 2) : s_plain(db, 2)).ToList(),
            async (db, m) =>
            {
                var read = new List<Order>();
                await foreach (var order in m.Cached ? s_cachedAsync(db, 2) : s_plainAsync(db, 2))
                {
                    read.Add(order);
                }

                return read;
            }),
        new(
            "compiled, scalar",
            (db, m) => m.Cached ? s_cachedScalar(db, 3, Mark.Ttl) : s_plainScalar(db, 3),
            async (db, m) => m.Cached ? await s_cachedScalarAsync(db, 3, Mark.Ttl) : await s_plainScalarAsync(db, 3)),
    ];
}
