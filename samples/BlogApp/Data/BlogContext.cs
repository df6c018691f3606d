using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Data;

/// <summary>The blog's database.</summary>
public sealed partial class BlogContext(DbContextOptions<BlogContext> options) : DbContext(options)
{
    public DbSet<Author> Authors => Set<Author>();

    public DbSet<Post> Posts => Set<Post>();

    public DbSet<Tag> Tags => Set<Tag>();

    public DbSet<Comment> Comments => Set<Comment>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Author>(author =>
        {
            author.ToTable("authors");
            author.Property(a => a.Name).HasMaxLength(Limits.Name);
            author.HasIndex(a => a.Name).IsUnique();
        });

        modelBuilder.Entity<Tag>(tag =>
        {
            tag.ToTable("tags");
            tag.Property(t => t.Name).HasMaxLength(Limits.Tag);
            tag.HasIndex(t => t.Name).IsUnique();
        });

        modelBuilder.Entity<Post>(post =>
        {
            post.ToTable("posts");
            post.Property(p => p.Channel).HasMaxLength(Limits.Channel);
            post.Property(p => p.Slug).HasMaxLength(Limits.Slug);
            post.Property(p => p.Title).HasMaxLength(Limits.Title);
            post.HasIndex(p => new { p.Channel, p.PublishedOn, p.Slug }).IsUnique();
            post.HasIndex(p => new { p.PublishedOn, p.Id }).IsDescending();
            post.HasOne(p => p.Author).WithMany(a => a.Posts).HasForeignKey(p => p.AuthorId).OnDelete(DeleteBehavior.Restrict);
            post.HasMany(p => p.Tags).WithMany(t => t.Posts).UsingEntity<PostTag>(join => join.ToTable("post_tags"));
        });

        modelBuilder.Entity<Comment>(comment =>
        {
            comment.ToTable("comments");
            comment.Property(c => c.Name).HasMaxLength(Limits.Name);
            comment.Property(c => c.Text).HasMaxLength(Limits.Comment);
            comment.HasOne(c => c.Post).WithMany(p => p.Comments).HasForeignKey(c => c.PostId);
        });

        // Names that need no quotes in psql.
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(e => e.GetProperties()))
        {
            property.SetColumnName(WordStart().Replace(property.Name, "_$0").ToLowerInvariant());
        }
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
