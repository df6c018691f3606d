using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Operators that end a query with one value.</summary>
internal static class ScalarShapes
{
    public static readonly Shape[] All =
    [
        Shape.Of("first", db => db.Customers.OrderBy(c => c.Id), q => q.First(), q => q.FirstAsync()),
        Shape.Of("first with a predicate", db => db.Customers.OrderBy(c => c.Id), q => q.First(c => c.Id > 2), q => q.FirstAsync(c => c.Id > 2)),
        Shape.Of("first or default, none", db => db.Customers.Where(c => c.Id < 0), q => q.FirstOrDefault(), q => q.FirstOrDefaultAsync()),
        Shape.Of("first, none", db => db.Customers.Where(c => c.Id < 0).OrderBy(c => c.Id), q => Caught(() => q.First()), q => CaughtAsync(() => q.FirstAsync())),
        Shape.Of("single", db => db.Customers.Where(c => c.Id == 2), q => q.Single(), q => q.SingleAsync()),
        Shape.Of("single or default, none", db => db.Customers, q => q.SingleOrDefault(c => c.Id < 0), q => q.SingleOrDefaultAsync(c => c.Id < 0)),
        Shape.Of("single, several", db => db.Customers.Include(c => c.Orders), q => Caught(() => q.Single()), q => CaughtAsync(() => q.SingleAsync())),
        Shape.Of("single with includes", db => db.Customers.Include(c => c.Orders).ThenInclude(o => o.Lines), q => q.Single(c => c.Id == 2), q => q.SingleAsync(c => c.Id == 2)),
        Shape.Of("last", db => db.Orders.OrderBy(o => o.Id), q => q.Last(), q => q.LastAsync()),
        Shape.Of("last or default", db => db.Orders.OrderBy(o => o.Id), q => q.LastOrDefault(o => o.CustomerId == 1), q => q.LastOrDefaultAsync(o => o.CustomerId == 1)),
        Shape.Of("any", db => db.Orders, q => q.Any(), q => q.AnyAsync()),
        Shape.Of("any with a predicate", db => db.Orders, q => q.Any(o => o.CustomerId == 4), q => q.AnyAsync(o => o.CustomerId == 4)),
        Shape.Of("all", db => db.Orders, q => q.All(o => o.Discount > 0), q => q.AllAsync(o => o.Discount > 0)),
        Shape.Of("count", db => db.Orders, q => q.Count(), q => q.CountAsync()),
        Shape.Of("count with a predicate", db => db.Orders, q => q.Count(o => o.Discount == null), q => q.CountAsync(o => o.Discount == null)),
        Shape.Of("long count", db => db.Orders.Where(o => o.Id > 1), q => q.LongCount(), q => q.LongCountAsync()),
        Shape.Of("sum of int", db => db.Lines, q => q.Sum(l => l.Quantity), q => q.SumAsync(l => l.Quantity)),
        Shape.Of("sum of nothing", db => db.Lines.Where(l => l.OrderId < 0), q => q.Sum(l => l.Quantity), q => q.SumAsync(l => l.Quantity)),
        Shape.Of("sum of nullable decimal", db => db.Orders, q => q.Sum(o => o.Discount), q => q.SumAsync(o => o.Discount)),
        Shape.Of("min", db => db.Orders, q => q.Min(o => o.PlacedAt), q => q.MinAsync(o => o.PlacedAt)),
        Shape.Of("max", db => db.Orders, q => q.Max(o => o.Status), q => q.MaxAsync(o => o.Status)),
        Shape.Of("max of nothing", db => db.Orders.Where(o => o.Id < 0), q => Caught(() => q.Max(o => o.Id)), q => CaughtAsync(() => q.MaxAsync(o => o.Id))),
        Shape.Of("max of nothing, nullable", db => db.Orders.Where(o => o.Id < 0), q => q.Max(o => (int?)o.Id), q => q.MaxAsync(o => (int?)o.Id)),
        Shape.Of("average", db => db.Lines, q => q.Average(l => l.Quantity), q => q.AverageAsync(l => l.Quantity)),
        Shape.Of("average of decimal", db => db.Orders, q => q.Average(o => o.Discount), q => q.AverageAsync(o => o.Discount)),
        Shape.Of("contains", db => db.Customers.Select(c => c.Name), q => q.Contains("Customer 2"), q => q.ContainsAsync("Customer 2")),
        Shape.Of("element at", db => db.Customers.OrderBy(c => c.Id), q => q.ElementAt(2), q => q.ElementAtAsync(2)),
        Shape.Of("element at or default", db => db.Customers.OrderBy(c => c.Id), q => q.ElementAtOrDefault(99), q => q.ElementAtOrDefaultAsync(99)),
        Shape.Of("to dictionary", db => db.Customers.OrderBy(c => c.Id), q => q.ToDictionary(c => c.Id, c => c.Name), q => q.ToDictionaryAsync(c => c.Id, c => c.Name)),
        Shape.Of("to array", db => db.Customers.OrderBy(c => c.Id).Select(c => c.Id), q => q.ToArray(), q => q.ToArrayAsync()),
        Shape.Of("to hash set", db => db.Lines.OrderBy(l => l.Product).Select(l => l.Product), q => q.ToHashSet(), q => q.ToHashSetAsync()),
        Shape.Of("to lookup", db => db.Orders.OrderBy(o => o.Id), q => q.ToLookup(o => o.CustomerId, o => o.Number), async q => (await q.ToListAsync()).ToLookup(o => o.CustomerId, o => o.Number)),
    ];

    private static string Caught(Func<object?> read)
    {
        try
        {
            return $"{read()}";
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }

    private static async Task<string> CaughtAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return $"{await read()}";
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }
}
