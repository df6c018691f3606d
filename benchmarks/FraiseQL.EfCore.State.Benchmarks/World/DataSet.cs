using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>1 000 authors with 20 posts each, 20 000 post tags, 60 000 comments, texts of 30 to 300 characters. The same in every run.</summary>
internal static class DataSet
{
    public const int Authors = 1000;
    public const int PostsPerAuthor = 20;
    public const int Posts = Authors * PostsPerAuthor;
    public const int Tags = 100;
    public const int Comments = 60_000;

    private static readonly DateTime s_start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static async Task LoadAsync(DbContextOptions<BlogContext> options, string connectionString)
    {
        await using (var db = new BlogContext(options))
        {
            await db.Database.EnsureCreatedAsync();
        }

        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();

        // The rows are there before anything is cached: no change to be captured.
        await ExecuteAsync(connection, "SET session_replication_role = replica");
        var random = new Random(1);
        await CopyAsync(connection, "\"Authors\" (\"Id\", \"Name\", \"Bio\")", Authors, (row, i) =>
        {
            row.Write(i);
            row.Write($"Author {i}");
            row.Write(Text(random));
        });
        await CopyAsync(
            connection,
            "\"Posts\" (\"Id\", \"AuthorId\", \"Slug\", \"Title\", \"Body\", \"Views\", \"Rating\", \"PublishedAt\", \"Pinned\")",
            Posts,
            (row, i) =>
            {
                row.Write(i);
                row.Write(1 + ((i - 1) % Authors));
                row.Write($"post-{i}");
                row.Write($"Post {i} about this and that");
                row.Write(Text(random));
                row.Write(random.Next(10_000));
                if (i % 3 == 0)
                {
                    row.WriteNull();
                }
                else
                {
                    row.Write(random.Next(50) / 10m, NpgsqlDbType.Numeric);
                }

                row.Write(s_start.AddMinutes(i), NpgsqlDbType.TimestampTz);
                row.Write(i % 50 == 0);
            });
        await CopyAsync(connection, "\"Tags\" (\"Id\", \"Name\")", Tags, (row, i) =>
        {
            row.Write(i);
            row.Write($"tag {i}");
        });
        await CopyAsync(connection, "\"PostTag\" (\"PostsId\", \"TagsId\")", Posts, (row, i) =>
        {
            row.Write(i);
            row.Write(1 + random.Next(Tags));
        });
        await CopyAsync(connection, "\"Comments\" (\"Id\", \"PostId\", \"Text\", \"At\")", Comments, (row, i) =>
        {
            row.Write(i);
            row.Write(1 + random.Next(Posts));
            row.Write(Text(random));
            row.Write(s_start.AddMinutes(i), NpgsqlDbType.TimestampTz);
        });
        await ExecuteAsync(connection, "SET session_replication_role = origin");
        await ExecuteAsync(connection, "VACUUM ANALYZE");
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // Constants of this program.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string target, int rows, Action<NpgsqlBinaryImporter, int> write)
    {
        await using var importer = await connection.BeginBinaryImportAsync($"COPY {target} FROM STDIN (FORMAT binary)");
        for (var i = 1; i <= rows; i++)
        {
            await importer.StartRowAsync();
            write(importer, i);
        }

        await importer.CompleteAsync();
    }

    private static string Text(Random random)
        => string.Create(random.Next(30, 301), random, static (text, r) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = r.Next(6) == 0 ? ' ' : (char)('a' + r.Next(26));
            }
        });
}
