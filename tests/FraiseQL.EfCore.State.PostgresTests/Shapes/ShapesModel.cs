namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

// The entities of the matrix. Not sealed and with virtual navigations where lazy loading wants to derive from them.
#pragma warning disable CA1852, CA2227, CA1720

public enum OrderStatus
{
    Open,
    Paid,
    Shipped,
}

public class Customer
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    /// <summary>Owned, in the same table.</summary>
    public Address? Home { get; set; }

    /// <summary>Owned, in a table of their own.</summary>
    public List<Phone> Phones { get; } = [];

    /// <summary>Complex, in the same table.</summary>
    public Money Credit { get; set; } = new();

    /// <summary>An array column.</summary>
    public List<string> Labels { get; set; } = [];

    public List<Order> Orders { get; } = [];
}

public class Address
{
    public string Street { get; set; } = "";

    public string? City { get; set; }
}

public class Phone
{
    public int Id { get; set; }

    public string Number { get; set; } = "";
}

public class Money
{
    public decimal Amount { get; set; }

    public string Currency { get; set; } = "EUR";
}

public class Order
{
    public int Id { get; set; }

    /// <summary>An alternate key, to which shipments refer.</summary>
    public Guid Number { get; set; }

    /// <summary>Stored as text by a converter.</summary>
    public OrderStatus Status { get; set; }

    public DateTime PlacedAt { get; set; }

    public decimal? Discount { get; set; }

    public int CustomerId { get; set; }

    public Customer? Customer { get; set; }

    public List<OrderLine> Lines { get; } = [];

    public List<Shipment> Shipments { get; } = [];
}

/// <summary>Composite key.</summary>
public class OrderLine
{
    public int OrderId { get; set; }

    public int Position { get; set; }

    public string Product { get; set; } = "";

    public int Quantity { get; set; }
}

public class Shipment
{
    public int Id { get; set; }

    public Guid OrderNumber { get; set; }

    public string Carrier { get; set; } = "";
}

/// <summary>Refers to itself; lazily loaded in one of the shapes.</summary>
public class Category
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public int? ParentId { get; set; }

    public virtual Category? Parent { get; set; }

    public virtual ICollection<Category> Children { get; set; } = [];
}

/// <summary>One table for the hierarchy.</summary>
public abstract class Animal
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}

public class Dog : Animal
{
    public int BarksPerDay { get; set; }
}

public class Cat : Animal
{
    public int Lives { get; set; }

    public int? FriendId { get; set; }

    public Dog? Friend { get; set; }
}

/// <summary>A table for each type, with only its own columns.</summary>
public class Vehicle
{
    public int Id { get; set; }

    public string Maker { get; set; } = "";
}

public class Car : Vehicle
{
    public int Seats { get; set; }
}

public class Truck : Vehicle
{
    public decimal Load { get; set; }
}

/// <summary>A table for each concrete type, with all its columns.</summary>
public abstract class Payment
{
    public int Id { get; set; }

    public decimal Amount { get; set; }
}

public class CardPayment : Payment
{
    public string Card { get; set; } = "";
}

public class CashPayment : Payment
{
    public string Till { get; set; } = "";
}

/// <summary>Many to many without payload.</summary>
public class Student
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public List<Course> Courses { get; } = [];

    public List<Club> Clubs { get; } = [];

    public List<Membership> Memberships { get; } = [];
}

public class Course
{
    public int Id { get; set; }

    public string Title { get; set; } = "";

    public List<Student> Students { get; } = [];
}

/// <summary>Many to many with payload.</summary>
public class Club
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public List<Student> Members { get; } = [];
}

public class Membership
{
    public int StudentId { get; set; }

    public int ClubId { get; set; }

    public DateOnly Since { get; set; }
}

/// <summary>Two entities in one table.</summary>
public class Article
{
    public int Id { get; set; }

    public string Title { get; set; } = "";

    public ArticleBody? Body { get; set; }
}

public class ArticleBody
{
    public int Id { get; set; }

    public string Text { get; set; } = "";
}

/// <summary>One entity in two tables.</summary>
public class Profile
{
    public int Id { get; set; }

    public string Nick { get; set; } = "";

    public string Biography { get; set; } = "";
}

/// <summary>JSON: an owned graph, a complex value and a primitive collection.</summary>
public class Device
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public Settings Settings { get; set; } = new();

    public Place Place { get; set; } = new();

    public int[] Readings { get; set; } = [];
}

public class Settings
{
    public string Theme { get; set; } = "";

    public int Volume { get; set; }

    public List<Rule> Rules { get; set; } = [];
}

public class Rule
{
    public string Name { get; set; } = "";

    public bool Active { get; set; }
}

public class Place
{
    public string Room { get; set; } = "";

    public int Floor { get; set; }
}

/// <summary>Under a filter on the context's state, and another by name.</summary>
public class Note
{
    public int Id { get; set; }

    public string Tenant { get; set; } = "";

    public string Text { get; set; } = "";

    public bool Deleted { get; set; }
}

/// <summary>What the views have in common; no entity itself.</summary>
public abstract class Total
{
    public int CustomerId { get; set; }

    public string Name { get; set; } = "";

    public long Orders { get; set; }
}

/// <summary>Keyless, over a view.</summary>
public class CustomerTotal : Total;

/// <summary>Over a view of a view.</summary>
public class BusyCustomer : Total;

/// <summary>Over a view with the server's clock in it.</summary>
public class RecentOrder : Total;

/// <summary>Over a materialised view.</summary>
public class FrozenTotal : Total;

/// <summary>Keyless, over SQL of the model.</summary>
public class ProductQuantity
{
    public string Product { get; set; } = "";

    public long Quantity { get; set; }
}
