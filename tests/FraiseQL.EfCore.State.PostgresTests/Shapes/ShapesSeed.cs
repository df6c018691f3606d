using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>A little of everything: rows with and without children, NULLs, empty collections.</summary>
internal static class ShapesSeed
{
    public static async Task CreateAsync(string connectionString)
    {
        await using var db = new ShapesContext(new DbContextOptionsBuilder<ShapesContext>().UseNpgsql(connectionString).UseFraiseQLState().Options);
        await db.Database.EnsureCreatedAsync();
        await db.Database.ExecuteSqlRawAsync("""
            CREATE VIEW customer_totals AS
                SELECT c."Id" AS "CustomerId", c."Name", count(o."Id") AS "Orders" FROM "Customers" c LEFT JOIN "Orders" o ON o."CustomerId" = c."Id" GROUP BY c."Id", c."Name";
            CREATE VIEW busy_customers AS SELECT * FROM customer_totals WHERE "Orders" > 2;
            CREATE VIEW recent_orders AS SELECT "Id" AS "CustomerId", 'x' AS "Name", 1::bigint AS "Orders" FROM "Orders" WHERE "PlacedAt" < now();
            CREATE MATERIALIZED VIEW frozen_totals AS SELECT * FROM customer_totals;
            CREATE FUNCTION orders_of(customer integer) RETURNS SETOF "Orders" LANGUAGE sql STABLE AS 'SELECT * FROM "Orders" WHERE "CustomerId" = customer';
            CREATE FUNCTION score(number integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT number + count(*)::integer FROM "Orders"';
            """);
        Customers(db);
        Trees(db);
        School(db);
        Others(db);
        await db.SaveChangesAsync();
    }

    private static void Customers(ShapesContext db)
    {
        for (var c = 1; c <= 4; c++)
        {
            var customer = new Customer
            {
                Name = Text($"Customer {c}"),
                Home = c == 3 ? null : new Address { Street = Text($"Street {c}"), City = c == 2 ? null : "Lyon" },
                Credit = new Money { Amount = 100.50m * c, Currency = c % 2 == 0 ? "CHF" : "EUR" },
                Labels = [.. Enumerable.Range(1, c - 1).Select(i => Text($"label {i}"))],
            };
            for (var p = 1; p < c; p++)
            {
                customer.Phones.Add(new Phone { Number = Text($"+33 {c}{p}") });
            }

            for (var o = 1; c < 4 && o <= 3; o++)
            {
                var order = new Order
                {
                    Number = new Guid(c, (short)o, 0, 1, 2, 3, 4, 5, 6, 7, 8),
                    Status = (OrderStatus)(o % 3),
                    PlacedAt = new DateTime(2026, c, o, 12, 0, 0, DateTimeKind.Utc),
                    Discount = o == 2 ? null : 0.5m * o,
                };
                for (var l = 1; l <= o; l++)
                {
                    order.Lines.Add(new OrderLine { Position = l, Product = Text($"Product {l}"), Quantity = c * l });
                }

                if (o > 1)
                {
                    order.Shipments.Add(new Shipment { Carrier = o == 2 ? "Bike" : "Boat" });
                }

                customer.Orders.Add(order);
                db.Add(customer);
                db.Entry(order).Property("ModifiedBy").CurrentValue = o == 1 ? null : "clerk";
            }

            db.Add(customer);
        }
    }

    private static void Trees(ShapesContext db)
    {
        var root = new Category { Name = "All" };
        foreach (var name in (string[])["Books", "Music"])
        {
            var middle = new Category { Name = name };
            middle.Children.Add(new Category { Name = name + " new" });
            middle.Children.Add(new Category { Name = name + " old" });
            root.Children.Add(middle);
        }

        var rex = new Dog { Name = "Rex", BarksPerDay = 40 };
        db.AddRange(root, rex, new Dog { Name = "Fido" }, new Cat { Name = "Tom", Lives = 9, Friend = rex }, new Cat { Name = "Kit", Lives = 7 });
        db.AddRange(new Vehicle { Maker = "Plain" }, new Car { Maker = "Saab", Seats = 5 }, new Truck { Maker = "MAN", Load = 12.5m });
        db.AddRange(new CardPayment { Amount = 10, Card = "1234" }, new CashPayment { Amount = 20, Till = "left" }, new CardPayment { Amount = 30, Card = "5678" });
    }

    private static void School(ShapesContext db)
    {
        var courses = Enumerable.Range(1, 3).Select(i => new Course { Title = Text($"Course {i}") }).ToArray();
        var clubs = Enumerable.Range(1, 2).Select(i => new Club { Name = Text($"Club {i}") }).ToArray();
        db.AddRange(clubs);
        for (var i = 1; i <= 4; i++)
        {
            var student = new Student { Name = Text($"Student {i}") };
            student.Courses.AddRange(courses.Take(i % 4));
            db.Add(student);
            db.SaveChanges();
            foreach (var club in clubs.Take(i % 3))
            {
                db.Add(new Membership { StudentId = student.Id, ClubId = club.Id, Since = new DateOnly(2020 + i, 1, 1) });
            }
        }
    }

    private static void Others(ShapesContext db)
    {
        for (var i = 1; i <= 3; i++)
        {
            db.Add(new Article { Title = Text($"Article {i}"), Body = new ArticleBody { Text = Text($"Text {i}") } });
            db.Add(new Profile { Nick = Text($"nick{i}"), Biography = Text($"Life of {i}") });
            db.Add(new Device
            {
                Name = Text($"Device {i}"),
                Settings = new Settings
                {
                    Theme = i == 2 ? "dark" : "light",
                    Volume = i * 10,
                    Rules = [.. Enumerable.Range(1, i - 1).Select(r => new Rule { Name = Text($"rule {r}"), Active = r % 2 == 0 })],
                },
                Place = new Place { Room = Text($"Room {i}"), Floor = i },
                Readings = [.. Enumerable.Range(1, i)],
            });
        }

        db.AddRange(
            new Note { Tenant = "red", Text = "red 1" }, new Note { Tenant = "red", Text = "red gone", Deleted = true }, new Note { Tenant = "blue", Text = "blue 1" });
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
