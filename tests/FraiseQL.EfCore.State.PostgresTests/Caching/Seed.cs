using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Four authors; the first three have four posts each with tags and comments; documents of two tenants.</summary>
internal static class Seed
{
    public static async Task CreateAsync(string connectionString)
    {
        var options = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(connectionString).UseFraiseQLState().Options;
        await using var db = new BlogContext(options);
        await db.Database.EnsureCreatedAsync();
        var tags = Enumerable.Range(1, 3).Select(i => new Tag { Name = $"tag {i}" }).ToArray();
        db.Tags.AddRange(tags);
        for (var a = 1; a <= 4; a++)
        {
            var author = new Author { Name = $"Author {a}" };
            for (var i = 1; a < 4 && i <= 4; i++)
            {
                var post = new Post { Title = $"Post {a}.{i}", Views = (10 * a) + i, PublishedAt = new DateTime(2026, a, i, 0, 0, 0, DateTimeKind.Utc) };
                post.Tags.AddRange(tags.Take(i % 3));
                post.Comments.Add(new Comment { Text = $"About {a}.{i}" });
                author.Posts.Add(post);
            }

            db.Authors.Add(author);
            await db.SaveChangesAsync();
        }

        db.Documents.AddRange(
            new Document { Tenant = "red", Text = "red 1" }, new Document { Tenant = "blue", Text = "blue 1" }, new Document { Tenant = "red", Text = "red 2" });
        await db.SaveChangesAsync();
    }

    /// <summary>What psql would do: another program, another connection, no library.</summary>
    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
