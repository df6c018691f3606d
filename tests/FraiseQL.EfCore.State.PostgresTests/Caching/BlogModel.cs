using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

public sealed class Author
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public List<Post> Posts { get; } = [];
}

public sealed class Post
{
    public int Id { get; set; }

    public string Title { get; set; } = "";

    public int Views { get; set; }

    public DateTime PublishedAt { get; set; }

    public decimal? Rating { get; set; }

    public int AuthorId { get; set; }

    public Author? Author { get; set; }

    public List<Tag> Tags { get; } = [];

    public List<Comment> Comments { get; } = [];
}

public sealed class Tag
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public List<Post> Posts { get; } = [];
}

public sealed class Comment
{
    public int Id { get; set; }

    public string Text { get; set; } = "";

    public int PostId { get; set; }

    public Post? Post { get; set; }
}

/// <summary>A document of a tenant, under a global query filter.</summary>
public sealed class Document
{
    public int Id { get; set; }

    public string Tenant { get; set; } = "";

    public string Text { get; set; } = "";
}

public class BlogContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Author> Authors => Set<Author>();

    public DbSet<Post> Posts => Set<Post>();

    public DbSet<Tag> Tags => Set<Tag>();

    public DbSet<Comment> Comments => Set<Comment>();

    public DbSet<Document> Documents => Set<Document>();

    public string? Tenant { get; set; }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Document>().HasQueryFilter(d => Tenant == null || d.Tenant == Tenant);
        modelBuilder.Entity<Document>().HasIndex(d => d.Tenant);
    }
}
