using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Every way in which EF Core maps a type to tables.</summary>
public class ShapesContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Customer> Customers => Set<Customer>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<OrderLine> Lines => Set<OrderLine>();

    public DbSet<Shipment> Shipments => Set<Shipment>();

    public DbSet<Category> Categories => Set<Category>();

    public DbSet<Animal> Animals => Set<Animal>();

    public DbSet<Vehicle> Vehicles => Set<Vehicle>();

    public DbSet<Payment> Payments => Set<Payment>();

    public DbSet<Student> Students => Set<Student>();

    public DbSet<Course> Courses => Set<Course>();

    public DbSet<Club> Clubs => Set<Club>();

    public DbSet<Article> Articles => Set<Article>();

    public DbSet<Profile> Profiles => Set<Profile>();

    public DbSet<Device> Devices => Set<Device>();

    public DbSet<Note> Notes => Set<Note>();

    public DbSet<CustomerTotal> CustomerTotals => Set<CustomerTotal>();

    public DbSet<ProductQuantity> ProductQuantities => Set<ProductQuantity>();

    public string Tenant { get; set; } = "red";

    [DbFunction("orders_of")]
    public IQueryable<Order> OrdersOf(int customer) => FromExpression(() => OrdersOf(customer));

    [DbFunction("score")]
    public static int Score(int number) => throw new NotSupportedException();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Customer>(b =>
        {
            b.OwnsOne(c => c.Home);
            b.OwnsMany(c => c.Phones);
            b.ComplexProperty(c => c.Credit);
        });
        modelBuilder.Entity<Order>(b =>
        {
            b.HasAlternateKey(o => o.Number);
            b.Property(o => o.Status).HasConversion<string>();
            b.Property<string>("ModifiedBy");
            b.HasMany(o => o.Lines).WithOne().HasForeignKey(l => l.OrderId);
            b.HasMany(o => o.Shipments).WithOne().HasForeignKey(s => s.OrderNumber).HasPrincipalKey(o => o.Number);
        });
        modelBuilder.Entity<OrderLine>().HasKey(l => new { l.OrderId, l.Position });
        modelBuilder.Entity<Category>().HasMany(c => c.Children).WithOne(c => c.Parent).HasForeignKey(c => c.ParentId);
        modelBuilder.Entity<Dog>();
        modelBuilder.Entity<Cat>();
        modelBuilder.Entity<Vehicle>().UseTptMappingStrategy();
        modelBuilder.Entity<Car>();
        modelBuilder.Entity<Truck>();
        modelBuilder.Entity<Payment>().UseTpcMappingStrategy();
        modelBuilder.Entity<CardPayment>();
        modelBuilder.Entity<CashPayment>();
        modelBuilder.Entity<Student>().HasMany(s => s.Clubs).WithMany(c => c.Members).UsingEntity<Membership>(
            r => r.HasOne<Club>().WithMany().HasForeignKey(m => m.ClubId), l => l.HasOne<Student>().WithMany(s => s.Memberships).HasForeignKey(m => m.StudentId));
        modelBuilder.Entity<Article>(b =>
        {
            b.ToTable("Articles");
            b.HasOne(a => a.Body).WithOne().HasForeignKey<ArticleBody>(x => x.Id);
            b.Navigation(a => a.Body).IsRequired();
        });
        modelBuilder.Entity<ArticleBody>().ToTable("Articles");
        modelBuilder.Entity<Profile>(b => b.ToTable("Profiles").SplitToTable("ProfileTexts", t => t.Property(p => p.Biography)));
        modelBuilder.Entity<Device>(b =>
        {
            b.OwnsOne(d => d.Settings, s =>
            {
                s.ToJson();
                s.OwnsMany(x => x.Rules);
            });
            b.ComplexProperty(d => d.Place, p => p.ToJson());
        });
        modelBuilder.Entity<Note>().HasQueryFilter("tenant", n => n.Tenant == Tenant).HasQueryFilter("deleted", n => !n.Deleted);
        modelBuilder.Entity<CustomerTotal>().HasNoKey().ToView("customer_totals");
        modelBuilder.Entity<BusyCustomer>().HasNoKey().ToView("busy_customers");
        modelBuilder.Entity<RecentOrder>().HasNoKey().ToView("recent_orders");
        modelBuilder.Entity<FrozenTotal>().HasNoKey().ToView("frozen_totals");
        modelBuilder.Entity<ProductQuantity>().HasNoKey().ToSqlQuery("SELECT \"Product\", sum(\"Quantity\") AS \"Quantity\" FROM \"Lines\" GROUP BY \"Product\"");
    }
}
