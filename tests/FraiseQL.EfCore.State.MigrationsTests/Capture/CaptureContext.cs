using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>A model with one table of each kind that capture must get right.</summary>
internal sealed class CaptureContext(string connectionString) : DbContext
{
    public DbSet<Post> Posts => Set<Post>();

    public DbSet<Tag> Tags => Set<Tag>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Pet> Pets => Set<Pet>();

    public DbSet<Vehicle> Vehicles => Set<Vehicle>();

    public DbSet<Account> Accounts => Set<Account>();

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseNpgsql(connectionString).UseFraiseQLState();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Author>(b =>
        {
            b.ToTable("authors");
            b.Property(a => a.Id).HasColumnName("id").ValueGeneratedNever();
            b.Property(a => a.Name).HasColumnName("name");
            b.HasData(new Author { Id = 1, Name = "Ada" }, new Author { Id = 2, Name = "Bob" });
        });
        modelBuilder.Entity<Post>(b =>
        {
            b.ToTable("posts");
            b.Property(p => p.Id).HasColumnName("id").ValueGeneratedNever();
            b.Property(p => p.AuthorId).HasColumnName("author_id");
            b.Property(p => p.Title).HasColumnName("title");

            // Each writer raises it: so an update of EF's never overwrites one that it has not seen.
            b.Property(p => p.Rating).HasColumnName("rating").IsConcurrencyToken();
            b.HasMany(p => p.Tags).WithMany(t => t.Posts).UsingEntity(
                "PostTag",
                r => r.HasOne(typeof(Tag)).WithMany().HasForeignKey("tag"),
                l => l.HasOne(typeof(Post)).WithMany().HasForeignKey("post_id"),
                j => j.ToTable("post_tags"));
        });
        modelBuilder.Entity<Tag>(b => { b.ToTable("tags"); b.HasKey(t => t.Name); b.Property(t => t.Name).HasColumnName("name"); });

        // A schema, mixed case, quotes and dots in names, a uuid key; owned types in the row, in tables of their own and in JSON.
        modelBuilder.Entity<Order>(b =>
        {
            b.ToTable("The \"Order\"s.1", "Sales Dept");
            b.Property(o => o.Id).HasColumnName("Order Id");
            b.Property(o => o.Status).HasColumnName("o'Status");
            b.OwnsOne(o => o.Address);
            b.OwnsOne(o => o.Options, o => o.ToJson());
            b.OwnsMany(o => o.Lines, line =>
            {
                line.ToTable("order_lines");
                line.WithOwner().HasForeignKey("order_id");
                line.Property(l => l.Number).HasColumnName("number");
                line.HasKey("order_id", "Number");
            });
        });

        // A hierarchy in one table, one in a table per type.
        modelBuilder.Entity<Pet>(b => { b.ToTable("pets"); b.Property(p => p.Id).HasColumnName("id").ValueGeneratedNever(); });
        modelBuilder.Entity<Cat>().HasOne<Author>().WithMany().HasForeignKey("owner_id");
        modelBuilder.Entity<Vehicle>(b => { b.ToTable("vehicles"); b.UseTptMappingStrategy(); b.Property(p => p.Id).HasColumnName("id").ValueGeneratedNever(); });
        modelBuilder.Entity<Car>().ToTable("cars");

        // Keys without exact equality, columns without any.
        modelBuilder.Entity<Account>(b =>
        {
            b.ToTable("accounts_" + new string('x', 54));
            b.HasKey(a => new { a.Bank, a.At });
            b.Property<uint>("Version").IsRowVersion();
            b.Property(a => a.Bank).HasColumnName("bank").HasColumnType("character(4)");
            b.Property(a => a.At).HasColumnName("at");
            b.Property(a => a.Raw).HasColumnName("raw").HasColumnType("json");
            b.Property(a => a.Amount).HasColumnName("n");
        });
        modelBuilder.Entity<Secret>().ToTable("secrets").IgnoreChangeEvents();
    }
}

internal sealed class Author
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}

internal sealed class Post
{
    public int Id { get; set; }

    public int AuthorId { get; set; }

    public Author? Author { get; set; }

    public string Title { get; set; } = "";

    public decimal? Rating { get; set; }

    public List<Tag> Tags { get; } = [];
}

internal sealed class Tag
{
    public string Name { get; set; } = "";

    public List<Post> Posts { get; } = [];
}

internal sealed class Order
{
    public Guid Id { get; set; }

    public string? Status { get; set; }

    public Address? Address { get; set; }

    public OrderOptions? Options { get; set; }

    public List<OrderLine> Lines { get; } = [];
}

internal sealed class Address
{
    public string Street { get; set; } = "";
}

internal sealed class OrderOptions
{
    public bool Gift { get; set; }
}

internal sealed class OrderLine
{
    public int Number { get; set; }

    public int Quantity { get; set; }
}

internal class Pet
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}

internal sealed class Cat : Pet
{
    public int Lives { get; set; }
}

internal class Vehicle
{
    public int Id { get; set; }
}

internal sealed class Car : Vehicle
{
    public int Doors { get; set; }
}

internal sealed class Account
{
    public string Bank { get; set; } = "";

    public DateTime At { get; set; }

    public string? Raw { get; set; }

    public double Amount { get; set; }
}

internal sealed class Secret
{
    public int Id { get; set; }
}
