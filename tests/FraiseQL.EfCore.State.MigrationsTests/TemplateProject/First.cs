using Microsoft.EntityFrameworkCore;

namespace Blog;

public class BlogContext : DbContext
{
    protected override void OnConfiguring(DbContextOptionsBuilder options)
        => options.UseFraiseQLState().UseNpgsql(Environment.GetEnvironmentVariable("BLOG_DATABASE"));

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Author>(b =>
        {
            b.ToTable("authors");
            b.Property(a => a.Id).HasColumnName("id").HasConversion(id => id.Value, value => new AuthorId(value)).ValueGeneratedNever();
        });
        model.Entity<Post>(b =>
        {
            b.ToTable("posts", "public"); // named: Npgsql cannot move a table back to the schema that has no name
            b.Property(p => p.Id).HasColumnName("id").ValueGeneratedNever();
            b.Property(p => p.AuthorId).HasColumnName("author_id").HasConversion(id => id.Value, value => new AuthorId(value));
            b.Property(p => p.Title).HasColumnName("title");
            b.Property(p => p.Kind).HasColumnName("kind");
            b.HasOne<Author>().WithMany().HasForeignKey(p => p.AuthorId);
            b.HasMany(p => p.Tags).WithMany().UsingEntity(
                "PostTag",
                r => r.HasOne(typeof(Tag)).WithMany().HasForeignKey("tag"),
                l => l.HasOne(typeof(Post)).WithMany().HasForeignKey("post_id"),
                j => j.ToTable("post_tags"));
        });
        model.Entity<Tag>(b => { b.ToTable("tags"); b.HasKey(t => t.Name); b.Property(t => t.Name).HasColumnName("name").UseCollation("C"); });
        model.Entity<Order>(b =>
        {
            b.ToTable("Orders", "sales");
            b.OwnsMany(o => o.Lines, line => line.ToTable("order_lines", "sales"));
            b.OwnsOne(o => o.Address, address => address.ToTable("addresses", "sales"));
        });
        model.Entity<Item>().UseTpcMappingStrategy();
        model.Entity<Book>().ToTable("books");
        model.Entity<Note>(b => { b.ToTable("notes"); b.Property(n => n.Id).HasColumnName("id").ValueGeneratedNever(); b.IgnoreChangeEvents(); });
        model.Entity<Draft>(b => { b.ToTable("drafts"); b.Property(d => d.Id).HasColumnName("id").ValueGeneratedNever(); });
        model.Entity<Person>(b =>
        {
            b.ToTable("people").Property(p => p.Id).ValueGeneratedNever();
            foreach (var property in b.Metadata.GetProperties())
            {
                property.SetColumnName(property.Name.ToLowerInvariant());
            }
        });
        model.Entity<Elsewhere>(b => { b.ToTable("elsewhere", t => t.ExcludeFromMigrations()); });
    }
}

public readonly record struct AuthorId(int Value);

public class Author { public AuthorId Id { get; set; } }

public enum Kind { Text, Picture }

public class Post
{
    public int Id { get; set; }
    public AuthorId AuthorId { get; set; }
    public string? Title { get; set; }
    public Kind Kind { get; set; }
    public List<Tag> Tags { get; } = [];
}

public class Tag { public string Name { get; set; } = ""; }

public class Order
{
    public Guid Id { get; set; }
    public Address? Address { get; set; }
    public List<OrderLine> Lines { get; } = [];
}

public class Address { public string Street { get; set; } = ""; }

public class OrderLine { public int Quantity { get; set; } }

public abstract class Item { public int Id { get; set; } }

public class Book : Item { public decimal Price { get; set; } }

public class Note { public int Id { get; set; } }

public class Draft { public int Id { get; set; } }

public class Elsewhere { public int Id { get; set; } }

public class Person
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public string? Email { get; set; }
    public string? Phone { get; set; }
    public int Status { get; set; }
}
