using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>How a result is read: streamed, left early, nested, loaded, lazily followed.</summary>
internal static class EnumerationShapes
{
    public static readonly Shape[] All =
    [
        new("streaming", (db, m) => Streamed(m.On(db.Orders.OrderBy(o => o.Id)), int.MaxValue), (db, m) => StreamedAsync(m.On(db.Orders.OrderBy(o => o.Id)), int.MaxValue)),
        new("streaming with early break", (db, m) => Streamed(m.On(db.Orders.OrderBy(o => o.Number)), 2), (db, m) => StreamedAsync(m.On(db.Orders.OrderBy(o => o.Number)), 2)),
        new(
            "nested enumeration",
            (db, m) =>
            {
                var pairs = new List<string>();
                foreach (var customer in m.On(db.Customers.OrderBy(c => c.Id)))
                {
                    pairs.AddRange(m.On(db.Orders.Where(o => o.CustomerId == customer.Id).OrderBy(o => o.Id).Select(o => o.Number)).ToList().Select(n => $"{customer.Name} {n}"));
                    if (pairs.Count > 3)
                    {
                        break;
                    }
                }

                return pairs;
            },
            async (db, m) =>
            {
                var pairs = new List<string>();
                await foreach (var customer in m.On(db.Customers.OrderBy(c => c.Id)).AsAsyncEnumerable())
                {
                    pairs.AddRange((await m.On(db.Orders.Where(o => o.CustomerId == customer.Id).OrderBy(o => o.Id).Select(o => o.Number)).ToListAsync()).Select(n => $"{customer.Name} {n}"));
                    if (pairs.Count > 3)
                    {
                        break;
                    }
                }

                return pairs;
            }) { Entries = 3, Nested = true, Context = ContextKind.Retrying },
        new(
            "the same query twice",
            (db, m) => (m.On(db.Orders.Where(o => o.Id < 3)).ToList(), m.On(db.Orders.Where(o => o.Id < 3)).ToList()),
            async (db, m) => (await m.On(db.Orders.Where(o => o.Id < 3)).ToListAsync(), await m.On(db.Orders.Where(o => o.Id < 3)).ToListAsync())) { Repeated = 1 },
        new(
            "load, then fix up",
            (db, m) =>
            {
                m.On(db.Orders.OrderBy(o => o.PlacedAt)).Load();
                return m.On(db.Customers.OrderBy(c => c.Name)).ToList();
            },
            async (db, m) =>
            {
                await m.On(db.Orders.OrderBy(o => o.PlacedAt)).LoadAsync();
                return await m.On(db.Customers.OrderBy(c => c.Name)).ToListAsync();
            }) { Entries = 2 },
        new(
            "for each",
            (db, m) =>
            {
                var names = new List<string>();
                m.On(db.Courses.OrderBy(c => c.Id)).ToList().ForEach(c => names.Add(c.Title));
                return names;
            },
            async (db, m) =>
            {
                var names = new List<string>();
                await m.On(db.Courses.OrderBy(c => c.Id)).ForEachAsync(c => names.Add(c.Title));
                return names;
            }),
        new(
            "explicit loading",
            (db, m) => db.Entry(m.On(db.Customers).Single(c => c.Id == 1)).Collection(c => c.Orders).Query().Count(),
            async (db, m) => await db.Entry(await m.On(db.Customers).SingleAsync(c => c.Id == 1)).Collection(c => c.Orders).Query().CountAsync()) { Unmarked = 1 },
        new(
            "lazy loading",
            (db, m) => Names(m.On(db.Categories).Single(c => c.ParentId == null)),
            async (db, m) => Names(await m.On(db.Categories).SingleAsync(c => c.ParentId == null))) { Context = ContextKind.Lazy, Unmarked = 3 },
    ];

    // Walks two levels, which the proxies load.
    private static List<string> Names(Category root) => [.. root.Children.OrderBy(c => c.Id).SelectMany(c => c.Children.OrderBy(x => x.Id).Select(x => x.Name))];

    private static List<Order> Streamed(IQueryable<Order> query, int most)
    {
        var read = new List<Order>();
        foreach (var order in query)
        {
            read.Add(order);
            if (read.Count == most)
            {
                break;
            }
        }

        return read;
    }

    private static async Task<object?> StreamedAsync(IQueryable<Order> query, int most)
    {
        var read = new List<Order>();
        await foreach (var order in query.AsAsyncEnumerable())
        {
            read.Add(order);
            if (read.Count == most)
            {
                break;
            }
        }

        return read;
    }
}
