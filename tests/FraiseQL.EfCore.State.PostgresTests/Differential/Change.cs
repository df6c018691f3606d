using System.Data;
using System.Globalization;
using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>Who writes, and how.</summary>
internal enum Via
{
    Foreign,
    OwnSql,
    Entities,
    Bulk,
    Committed,
    RolledBack,
    Savepoint,
    RepeatableRead,
    Serializable,
}

/// <summary>A random write.</summary>
/// <param name="By">Who writes.</param>
/// <param name="Kind">What.</param>
/// <param name="Row">To which row.</param>
/// <param name="Value">Which value.</param>
internal sealed record Change(Via By, int Kind, int Row, int Value)
{
    public static readonly Gen<Change> Any = Gen.Select(
        Gen.Enum<Via>(), Gen.Int[0, 13], Gen.Int[1, 13], Gen.Int[1, 5], (v, k, r, n) => new Change(v, k, r, n));

    private static readonly string[] s_refusals =
    [
        PostgresErrorCodes.ForeignKeyViolation, PostgresErrorCodes.UniqueViolation, PostgresErrorCodes.SerializationFailure,
        PostgresErrorCodes.DeadlockDetected, PostgresErrorCodes.LockNotAvailable, PostgresErrorCodes.InFailedSqlTransaction,
    ];

    /// <summary>The data with which every case begins. Statements without values of the clock or of a sequence, so that a case can be repeated.</summary>
    public const string Start = """
        DELETE FROM "Comments"; DELETE FROM "PostTag"; DELETE FROM "Posts"; DELETE FROM "Tags"; DELETE FROM "Authors";
        INSERT INTO "Authors" ("Id", "Name") SELECT i, 'Author ' || i FROM generate_series(1, 4) i;
        INSERT INTO "Tags" ("Id", "Name") SELECT i, 'tag ' || i FROM generate_series(1, 3) i;
        INSERT INTO "Posts" ("Id", "Title", "Views", "PublishedAt", "Rating", "AuthorId")
            SELECT i, 'Post ' || (1 + i % 3) || '.' || (1 + i % 4), i * 3, timestamptz '2026-01-01Z', CASE WHEN i % 2 = 0 THEN i END, 1 + i % 3 FROM generate_series(1, 10) i;
        INSERT INTO "PostTag" ("PostsId", "TagsId") SELECT i, 1 + i % 3 FROM generate_series(1, 6) i;
        INSERT INTO "Comments" ("Id", "Text", "PostId") SELECT i, 'comment ' || i, 1 + i % 7 FROM generate_series(1, 8) i;
        SELECT setval(pg_get_serial_sequence('"Posts"', 'Id'), 100), setval(pg_get_serial_sequence('"Comments"', 'Id'), 100);
        """;

    /// <summary>Applies the change. One that the database refuses (a post of an author who is gone) is a change that did not happen.</summary>
    public async Task ApplyAsync(Node node, string connectionString)
    {
        try
        {
            await TryApplyAsync(node, connectionString);
        }
        catch (Exception exception) when (IsRefusal(exception))
        {
        }
    }

    /// <summary>Whether the database, or EF, has undone what was tried: rows that are not there, are somebody else's, or are locked.</summary>
    public static bool IsRefusal(Exception exception) => exception switch
    {
        PostgresException refused => s_refusals.Contains(refused.SqlState),
        DbUpdateConcurrencyException => true,
        DbUpdateException or InvalidOperationException => exception.InnerException is { } inner && IsRefusal(inner),
        _ => false,
    };

    /// <summary>The same, or a delete where a truncate would keep every reader waiting.</summary>
    public Change WithoutTruncate() => this with { Row = Math.Max(2, Row) };

    /// <summary>Writes in a transaction that somebody else ends.</summary>
    public async Task WriteAsync(BlogContext db)
    {
        await ByEntitiesAsync(db);
        await ByBulkAsync(db);
        await db.Database.ExecuteSqlRawAsync(Sql);
    }

    private async Task TryApplyAsync(Node node, string connectionString)
    {
        if (By == Via.Foreign)
        {
            await using var psql = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "psql" }.ConnectionString);
            await psql.OpenAsync();
            await using var command = new NpgsqlCommand(Sql, psql);
            await command.ExecuteNonQueryAsync();
            return;
        }

        await using var db = node.CreateContext();
        switch (By)
        {
            case Via.OwnSql:
                await db.Database.ExecuteSqlRawAsync(Sql);
                break;
            case Via.Entities:
                await ByEntitiesAsync(db);
                break;
            case Via.Bulk:
                await ByBulkAsync(db);
                break;
            default:
                await using (var transaction = await db.Database.BeginTransactionAsync(Isolation))
                {
                    await ByEntitiesAsync(db);
                    if (By == Via.Savepoint)
                    {
                        await transaction.CreateSavepointAsync("half");
                    }

                    await ByBulkAsync(db);
                    await db.Database.ExecuteSqlRawAsync(Sql);
                    if (By == Via.Savepoint)
                    {
                        await transaction.RollbackToSavepointAsync("half");
                    }

                    if (By != Via.RolledBack)
                    {
                        await transaction.CommitAsync();
                    }
                }

                break;
        }
    }

    public IsolationLevel Isolation => By switch
    {
        Via.RepeatableRead => IsolationLevel.RepeatableRead,
        Via.Serializable => IsolationLevel.Serializable,
        _ => IsolationLevel.ReadCommitted,
    };

    private string Sql => string.Create(CultureInfo.InvariantCulture, $"{Statement}");

    private string Statement => Kind switch
    {
        0 => $"UPDATE \"Posts\" SET \"Title\" = 'Post 1.{Value}' WHERE \"Id\" = {Row}",
        1 => $"UPDATE \"Posts\" SET \"AuthorId\" = {1 + (Value % 4)} WHERE \"Id\" = {Row}",
        2 => $"UPDATE \"Posts\" SET \"Views\" = {Value * 6} WHERE \"AuthorId\" = {Value}",
        3 => $"INSERT INTO \"Posts\" (\"Title\", \"Views\", \"PublishedAt\", \"AuthorId\") VALUES ('Post 1.{Value}', {Value * 7}, timestamptz '2026-02-01Z', {1 + (Value % 4)})",
        4 => $"DELETE FROM \"Posts\" WHERE \"Id\" = {Row}",
        5 => $"UPDATE \"Authors\" SET \"Name\" = 'Author {Value}' WHERE \"Id\" = {1 + (Row % 4)}",
        6 => $"INSERT INTO \"PostTag\" (\"PostsId\", \"TagsId\") SELECT \"Id\", {1 + (Value % 3)} FROM \"Posts\" WHERE \"Id\" = {Row} ON CONFLICT DO NOTHING",
        7 => $"DELETE FROM \"PostTag\" WHERE \"PostsId\" = {Row}",
        8 => $"INSERT INTO \"Comments\" (\"Text\", \"PostId\") SELECT 'comment {Value}', \"Id\" FROM \"Posts\" WHERE \"Id\" = {Row}",
        9 => $"UPDATE \"Comments\" SET \"PostId\" = (SELECT min(\"Id\") FROM \"Posts\") WHERE \"Id\" = {Row} AND EXISTS (SELECT FROM \"Posts\")",
        10 => $"UPDATE \"Posts\" SET \"Rating\" = CASE WHEN \"Rating\" IS NULL THEN {Value} END WHERE \"Id\" = {Row}",
        11 => $"UPDATE \"Posts\" SET \"Id\" = {Row + 20} WHERE \"Id\" = {Row} AND NOT EXISTS (SELECT FROM \"Posts\" WHERE \"Id\" = {Row + 20}) AND NOT EXISTS (SELECT FROM \"Comments\" WHERE \"PostId\" = {Row}) AND NOT EXISTS (SELECT FROM \"PostTag\" WHERE \"PostsId\" = {Row})",
        12 => Row == 1 ? "TRUNCATE \"Comments\"" : $"DELETE FROM \"Comments\" WHERE \"PostId\" = {Row}",
        _ => $"DELETE FROM \"Authors\" WHERE \"Id\" = {1 + (Value % 4)}",
    };

    private async Task ByEntitiesAsync(BlogContext db)
    {
        var post = await db.Posts.Include(p => p.Tags).Include(p => p.Comments).OrderBy(p => p.Id).Skip(Row % 5).FirstOrDefaultAsync();
        var author = await db.Authors.OrderBy(a => a.Id).Skip(Value % 2).FirstOrDefaultAsync();
        if (post is null || author is null)
        {
            return;
        }

        // Of the fourteen kinds those that know only the key of what they write come as often as the others together.
        switch (Kind < 6 ? Kind : 6 + (Kind % 2))
        {
            case 0:
                post.AuthorId = author.Id;
                break;
            case 1:
                post.Tags.Clear();
                break;
            case 2:
                db.Posts.Add(new Post { Title = "Post 1." + Value, Views = Value * 6, AuthorId = author.Id });
                break;
            case 3:
                db.Remove(post);
                break;
            case 4:
                post.Comments.Add(new Comment { Text = "comment " + Value });
                break;
            case 5:
                author.Name = "Author " + Value;
                break;
            case 6:
                db.ChangeTracker.Clear();
                db.Remove(new Post { Id = post.Id });
                break;
            default:
                db.ChangeTracker.Clear();
                db.Update(new Post { Id = post.Id, Title = "Post 1." + Value, AuthorId = author.Id, Views = Value });
                break;
        }

        await db.SaveChangesAsync();
    }

    private async Task ByBulkAsync(BlogContext db)
    {
        switch (Kind % 5)
        {
            case 0:
                await db.Posts.Where(p => p.Id == Row).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, Value * 6));
                break;
            case 1:
                await db.Posts.Where(p => p.AuthorId == Value && db.Authors.Any(a => a.Id == 1)).ExecuteUpdateAsync(s => s.SetProperty(p => p.AuthorId, 1));
                break;
            case 2:
                await db.Posts.Where(p => p.Id == Row).ExecuteDeleteAsync();
                break;
            case 3:
                await db.Comments.Where(c => c.Post!.AuthorId == Value).ExecuteDeleteAsync();
                break;
            default:
                await db.Authors.Where(a => a.Id == Value).ExecuteUpdateAsync(s => s.SetProperty(a => a.Name, "Author " + Row));
                break;
        }
    }
}
