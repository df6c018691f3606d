using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.World;

internal sealed class Author
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public required string Bio { get; set; }

    public List<Post> Posts { get; } = [];
}

internal sealed class Post
{
    public int Id { get; set; }

    public int AuthorId { get; set; }

    public Author? Author { get; set; }

    public required string Slug { get; set; }

    public required string Title { get; set; }

    public required string Body { get; set; }

    public int Views { get; set; }

    public decimal? Rating { get; set; }

    public DateTime PublishedAt { get; set; }

    public bool Pinned { get; set; }

    public List<Tag> Tags { get; } = [];

    public List<Comment> Comments { get; } = [];
}

internal sealed class Tag
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public List<Post> Posts { get; } = [];
}

internal sealed class Comment
{
    public int Id { get; set; }

    public int PostId { get; set; }

    public required string Text { get; set; }

    public DateTime At { get; set; }
}

internal sealed class BlogContext(DbContextOptions<BlogContext> options) : DbContext(options)
{
    public DbSet<Author> Authors => Set<Author>();

    public DbSet<Post> Posts => Set<Post>();

    public DbSet<Tag> Tags => Set<Tag>();

    public DbSet<Comment> Comments => Set<Comment>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
        => modelBuilder.Entity<Post>().HasMany(p => p.Tags).WithMany(t => t.Posts).UsingEntity("PostTag");
}
