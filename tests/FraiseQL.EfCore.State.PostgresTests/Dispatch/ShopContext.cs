using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    public DbSet<Post> Posts => Set<Post>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Person> People => Set<Person>();

    public DbSet<Parcel> Parcels => Set<Parcel>();

    public DbSet<Everything> Everything => Set<Everything>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Post>(post =>
        {
            post.ToTable("posts");
            post.Property(p => p.Id).HasColumnName("id").ValueGeneratedNever();
            post.Property(p => p.Title).HasColumnName("title");
            post.Property(p => p.Version).HasColumnName("version");
        });
        modelBuilder.Entity<PostTag>(tag =>
        {
            tag.ToTable("post_tags");
            tag.HasKey(t => new { t.PostId, t.Tag });
            tag.Property(t => t.PostId).HasColumnName("post_id");
            tag.Property(t => t.Tag).HasColumnName("tag");
        });
        modelBuilder.Entity<Person>(person =>
        {
            person.ToTable("people");
            person.HasDiscriminator<string>("kind").HasValue<Person>("person").HasValue<Member>("member");
            person.OwnsOne(p => p.Home, home => home.ToTable("homes"));
        });
        modelBuilder.Entity<Everything>(all =>
        {
            all.ToTable("everything");
            all.Property(e => e.Converted).HasConversion<string>();
            all.Property(e => e.Wrapped).HasConversion(w => w.Value, v => new Wrapped(v));
            all.Property(e => e.Json).HasColumnType("jsonb");
            all.Property(e => e.Local).HasColumnType("timestamp without time zone");
            all.Property(e => e.Secret);
            all.Property<int>("shadow");
        });
        modelBuilder.Entity<Order>(order =>
        {
            order.ToTable("orders");
            order.Property(o => o.Id).HasColumnName("id").ValueGeneratedNever();
            order.Property(o => o.Status).HasColumnName("status").HasConversion<string>();
            order.Property(o => o.Note).HasColumnName("note");
            order.Property(o => o.PostId).HasColumnName("post_id");
            order.HasOne<Post>().WithMany().HasForeignKey(o => o.PostId);
        });
        modelBuilder.Entity<Parcel>().HasChangeEvents(e => e.Named(ChangeKind.Created, "parcel_sent").PreImage().Redact(p => p.Code).Exclude(p => p.Secret));
        modelBuilder.Entity<Silent>().IgnoreChangeEvents();
    }
}

public class Post
{
    public int Id { get; set; }

    public string Title { get; set; } = "";

    public int Version { get; set; }
}

public enum OrderStatus
{
    Open,
    Paid,
    Shipped,
}

public class Order
{
    public int Id { get; set; }

    public OrderStatus Status { get; set; }

    public string? Note { get; set; }

    public int? PostId { get; set; }
}

public class PostTag
{
    public int PostId { get; set; }

    public string Tag { get; set; } = "";
}

public class Person
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public Home? Home { get; set; }
}

public class Member : Person
{
    public int Since { get; set; }
}

public class Home
{
    public string Street { get; set; } = "";
}

public class Parcel
{
    public int Id { get; set; }

    public string Label { get; set; } = "";

    public string Code { get; set; } = "";

    public string Secret { get; set; } = "";
}

public class Silent
{
    public int Id { get; set; }
}

public sealed record Wrapped(int Value);

public class Everything
{
    private readonly string _secret;

    public Everything(int id, string secret)
    {
        Id = id;
        _secret = secret;
    }

    public int Id { get; private set; }

    public string Secret => _secret;

    public string Text { get; set; } = "";

    public string? Missing { get; set; }

    public int? Number { get; set; }

    public long Big { get; set; }

    public short Small { get; set; }

    public decimal Money { get; set; }

    public double Real { get; set; }

    public double NotANumber { get; set; }

    public float Rough { get; set; }

    public bool Flag { get; set; }

    public char Letter { get; set; }

    public Guid Unique { get; set; }

    public byte[] Bytes { get; set; } = [];

    public DateTime Utc { get; set; }

    public DateTime Local { get; set; }

    public DateTimeOffset Offset { get; set; }

    public DateOnly Date { get; set; }

    public TimeOnly Time { get; set; }

    public TimeSpan Span { get; set; }

    public DayOfWeek Day { get; set; }

    public DayOfWeek Converted { get; set; }

    public Wrapped Wrapped { get; set; } = new(0);

    public int[] Numbers { get; set; } = [];

    public List<string> Words { get; set; } = [];

    public string Json { get; set; } = "{}";

    public JsonDocument? Document { get; set; }
}
