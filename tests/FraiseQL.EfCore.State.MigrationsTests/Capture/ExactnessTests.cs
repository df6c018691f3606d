using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>Random programs write the same rows at the same time; then the log alone must give every table's content.</summary>
public abstract class ExactnessTests(PostgresRelease release, ITestOutputHelper output)
{
    private const int Ids = 40;

    [Fact]
    [Feature("S2.2-all-changes")]
    [Feature("S2.1-trigger-insert")]
    [Feature("S2.1-trigger-update")]
    [Feature("S2.1-trigger-delete")]
    [Feature("U-05-outbox-after-lock")]
    public async Task Folding_the_log_gives_each_table_exactly_and_each_row_s_changes_in_the_order_of_their_commits()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync(
            """
            truncate authors, tags cascade;
            insert into authors select i, 'a' from generate_series(0, 9) i;
            insert into tags values ('t0'), ('t1'), ('t2');
            insert into posts select i, i % 10, 'p', 0 from generate_series(0, 19) i
            """);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => WriteAsync(database, new Random(seed + n)))));

        var tables = new Dictionary<string, Dictionary<string, JsonElement>>(StringComparer.Ordinal);
        var events = 0;
        await using var connection = await database.OpenAsync();
        await using (var read = new NpgsqlCommand("select relation, op::text, key::jsonb::text, data::text from fraiseql.change_event order by seq", connection))
        await using (var row = await read.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                Fold(tables, row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3));
                events++;
            }
        }

        output.WriteLine($"{events} events");
        Assert.True(events > 2000, $"{events} events are too few to show anything");
        foreach (var relation in new[] { "authors", "tags", "posts", "post_tags" })
        {
            // Both through jsonb, which has one form of a row.
            await using var fold = new NpgsqlCommand("select v::jsonb::text from unnest($1) v", connection);
            fold.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. tables["public." + relation].Values.Select(v => v.GetRawText())] });
            var folded = new List<string>();
            await using (var row = await fold.ExecuteReaderAsync())
            {
                while (await row.ReadAsync())
                {
                    folded.Add(row.GetString(0));
                }
            }

            var rows = await database.QueryAsync($"select to_jsonb(t)::text from {relation} t");
            Assert.Equal(rows.Order(StringComparer.Ordinal), folded.Order(StringComparer.Ordinal));
        }
    }

    private static void Fold(Dictionary<string, Dictionary<string, JsonElement>> tables, string relation, string op, string? key, string? data)
    {
        if (!tables.TryGetValue(relation, out var rows))
        {
            tables.Add(relation, rows = new(StringComparer.Ordinal));
        }

        switch (op)
        {
            case "I":
                Assert.True(rows.TryAdd(key!, JsonDocument.Parse(data!).RootElement), $"{relation} {key} was there when it was created");
                break;
            case "U":
                Assert.True(rows.TryGetValue(key!, out var old), $"{relation} {key} was not there when it was updated");
                var now = JsonDocument.Parse(data!).RootElement;
                if (relation == "public.posts")
                {
                    // Each writer counts up what it finds: an update out of order would count down.
                    Assert.True(now.GetProperty("rating").GetDecimal() > old.GetProperty("rating").GetDecimal(), $"{relation} {key}: {old} then {now}");
                }

                rows[key!] = now;
                break;
            case "D":
                Assert.True(rows.Remove(key!), $"{relation} {key} was not there when it was deleted");
                break;
            default:
                rows.Clear();
                break;
        }
    }

    private static async Task WriteAsync(CaptureDatabase database, Random random)
    {
        await using var connection = await database.OpenAsync();
        await using (var settings = new NpgsqlCommand("set deadlock_timeout = '10ms'; set synchronous_commit = off", connection))
        {
            await settings.ExecuteNonQueryAsync();
        }

        for (var n = 0; n < 240; n++)
        {
            try
            {
                if (random.Next(4) == 0)
                {
                    await WriteWithEfAsync(database.ConnectionString, random);
                }
                else
                {
                    await WriteWithSqlAsync(connection, random);
                }
            }
            catch (Exception error) when ((error.GetBaseException() as PostgresException)?.SqlState
                is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation)
            {
                // Two writers met, and the database rolled this one back.
            }
            catch (DbUpdateConcurrencyException)
            {
                // The same, seen by EF.
            }
        }
    }

    private static async Task WriteWithEfAsync(string connectionString, Random random)
    {
        await using var context = new CaptureContext(connectionString);
        var id = random.Next(Ids);
        var post = await context.Posts.Include(p => p.Tags).SingleOrDefaultAsync(p => p.Id == id);
        if (post is null)
        {
            context.Add(new Post { Id = id, AuthorId = random.Next(10), Title = "ef", Rating = 0 });
        }
        else if (random.Next(4) == 0)
        {
            context.Remove(post);
        }
        else
        {
            post.Title = random.Next().ToString(CultureInfo.InvariantCulture);
            post.Rating++;
            if (post.Tags.Count == 0)
            {
                post.Tags.Add(await context.Tags.SingleAsync(t => t.Name == "t1"));
            }
            else
            {
                post.Tags.Clear();
            }
        }

        await context.SaveChangesAsync();
    }

    private static async Task WriteWithSqlAsync(NpgsqlConnection connection, Random random)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var savepoint = random.Next(3) == 0;
            if (savepoint)
            {
                await transaction.SaveAsync("s");
            }

            if (random.Next(8) == 0)
            {
                await CopyAsync(connection, random);
            }
            else
            {
                await using var command = new NpgsqlCommand(Statement(random), connection, transaction);
                await command.ExecuteNonQueryAsync();
            }

            if (savepoint && random.Next(2) == 0)
            {
                await transaction.RollbackAsync("s");
            }
        }

        if (random.Next(5) == 0)
        {
            await transaction.RollbackAsync();
        }
        else
        {
            await transaction.CommitAsync();
        }
    }

    private static async Task CopyAsync(NpgsqlConnection connection, Random random)
    {
        var first = random.Next(1_000_000, int.MaxValue - 10);
        await using var writer = await connection.BeginTextImportAsync("copy posts (id, author_id, title, rating) from stdin");
        for (var i = 0; i < 5; i++)
        {
            await writer.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{first + i}\t{random.Next(10)}\tcopied\t0\n"));
        }
    }

    private static string Statement(Random random)
    {
        var id = random.Next(Ids);
        var other = random.Next(Ids);
        return random.Next(60) == 0 ? "truncate posts, post_tags" : random.Next(9) switch
        {
            0 => $"insert into posts values ({id}, {random.Next(10)}, 'upserted', 0) on conflict (id) do update set title = excluded.title, rating = posts.rating + 1",
            1 => $"update posts set rating = rating + 1, author_id = {random.Next(10)} where id = {id}",
            2 => $"update posts set rating = rating + 1, title = title || 'x' where id between {id} and {id + 5}",
            3 => $"delete from posts where id between {id} and {id + 1} or id > 1000000",
            4 => $"delete from authors where id = {id % 10}; insert into authors values ({id % 10}, 'again') on conflict do nothing",
            5 => $"insert into post_tags (post_id, tag) select id, 't{id % 3}' from posts where id = {id} on conflict do nothing",
            6 => $"update posts set id = {other}, rating = rating + 1 where id = {id} and not exists (select from posts p where p.id = {other}) and not exists (select from post_tags where post_id = {id})",
            7 => $"merge into posts using (values ({id}), ({other + Ids})) as s (id) on posts.id = s.id when matched then update set rating = posts.rating + 1 when not matched then insert (id, author_id, title, rating) values (s.id, 1, 'merged', 0)",
            _ => $"update posts set title = title where id = {id}",
        };
    }
}

public sealed class ExactnessTestsAtHand(ITestOutputHelper output) : ExactnessTests(PostgresRelease.AtHand, output);

public sealed class ExactnessTestsOn18(ITestOutputHelper output) : ExactnessTests(PostgresRelease.Eighteen, output);
