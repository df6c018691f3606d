using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

/// <summary>SaveChanges with a context of the write, beside SaveChanges without: EF must not tell the two apart.</summary>
public sealed class DescribedBatchTests
{
    [Theory]
    [InlineData("update items")]
    [InlineData("update bins")]
    [InlineData("delete items")]
    [InlineData("delete bins")]
    public async Task A_conflict_is_found_at_the_row_that_has_it(string kind)
    {
        await using var stock = await Stock.CreateAsync(Stock.ByCaller);
        foreach (var at in (int[])[0, 2, 4])
        {
            foreach (var async in (bool[])[true, false])
            {
                var without = await ConflictAsync(stock, null, kind, at, async);
                var with = await ConflictAsync(stock, "ada", kind, at, async);
                Assert.Equal(without, with);
                Assert.StartsWith("DbUpdateConcurrencyException", with, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(7)]
    public async Task Generated_values_come_back_whatever_the_size_of_the_batches(int? size)
    {
        await using var stock = await Stock.CreateAsync(Stock.ByCaller, npgsql: n =>
        {
            if (size is { } most)
            {
                n.MaxBatchSize(most);
            }
        });
        await stock.AsAsync("acme", "ada", async db =>
        {
            var items = Enumerable.Range(0, 1203).Select(i => new Item { Name = $"n{i}" }).ToList();
            db.AddRange(items);
            db.AddRange(Enumerable.Range(1, 10).Select(i => new Bin { Id = i }));
            Assert.Equal(1213, await db.SaveChangesAsync());
            foreach (var item in items)
            {
                item.Count = 5;
            }

            Assert.Equal(1203, await db.SaveChangesAsync());
            var saved = await db.Items.AsNoTracking().ToDictionaryAsync(i => i.Id);
            Assert.All(items, i => Assert.Equal((i.Name, i.Version, 5), (saved[i.Id].Name, saved[i.Id].Version, saved[i.Id].Count)));
        });
        Assert.All(await stock.LogAsync(), line => Assert.EndsWith(" acme/ada", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_error_of_the_server_is_told_in_the_same_way()
    {
        var sent = new SentCommands();
        await using var stock = await Stock.CreateAsync(Stock.ByCaller, o => o.AddInterceptors(sent));
        for (var at = 0; at < 3; at++)
        {
            var without = await ErrorAsync(stock, sent, null, at);
            var with = await ErrorAsync(stock, sent, "ada", at);
            Assert.Equal(without, with);
            Assert.StartsWith("DbUpdateException 23505 failed 1", with, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_conflict_that_an_interceptor_suppresses_is_no_error()
    {
        await using var stock = await Stock.CreateAsync(Stock.ByCaller, o => o.AddInterceptors(new SuppressConflicts()));
        await stock.AsAsync("acme", "ada", async db =>
        {
            db.AddRange(new Bin { Id = 1 }, new Bin { Id = 2 });
            await db.SaveChangesAsync();
            await db.Database.ExecuteSqlRawAsync("delete from bins where \"Id\" = 1");
            foreach (var bin in db.Bins.Local)
            {
                bin.Text = "x";
            }

            await db.SaveChangesAsync();
            Assert.Equal("x", await db.Bins.Select(b => b.Text).SingleAsync());
        });
    }

    [Fact]
    public async Task Stored_procedures_answer_as_ever()
    {
        await using var stock = await Stock.CreateAsync(Stock.ByCaller);
        await stock.AsAsync("acme", "ada", async db =>
        {
            var bookings = new[] { new Booking { Id = 1 }, new Booking { Id = 2 } };
            db.AddRange(bookings);
            db.Add(new Item { Name = "a" });
            await db.SaveChangesAsync();
            Assert.All(bookings, b => Assert.Equal(42, b.Stamp));
            await db.Database.ExecuteSqlRawAsync("delete from bookings where \"Id\" = 2");
            db.RemoveRange(bookings);
            var conflict = await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync());
            Assert.Same(bookings[1], Assert.Single(conflict.Entries).Entity);
        });
        Assert.All(await stock.LogAsync(), line => Assert.EndsWith(" acme/ada", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_works_with_automatic_preparation_and_with_the_retrying_strategy()
    {
        var sent = new SentCommands();
        await using var stock = await Stock.CreateAsync(
            Stock.ByCaller, o => o.AddInterceptors(sent), n => n.EnableRetryOnFailure(), "Max Auto Prepare=20;Auto Prepare Min Usages=2");
        for (var i = 1; i <= 12; i++)
        {
            await stock.AsAsync("acme", $"user{i}", async db =>
            {
                var fails = i % 4 == 0;
                sent.BeforeReader = _ =>
                {
                    if (fails)
                    {
                        fails = false;
                        throw new NpgsqlException("lost", new IOException("lost"));
                    }
                };
                var item = new Item { Name = $"{i}" };
                db.AddRange(item, new Bin { Id = i });
                await db.SaveChangesAsync();
                sent.BeforeReader = null;
                item.Count = i;
                await db.SaveChangesAsync();
            });
        }

        var log = await stock.LogAsync();
        Assert.Equal(36, log.Count);
        for (var i = 1; i <= 12; i++)
        {
            Assert.Equal(3, log.Count(line => line.EndsWith($" acme/user{i}", StringComparison.Ordinal)));
        }
    }

    private static async Task<string> ConflictAsync(Stock stock, string? actor, string kind, int at, bool async)
    {
        var answer = "";
        await stock.AsAsync(actor, actor, async db =>
        {
            await db.Database.ExecuteSqlRawAsync("truncate items restart identity; truncate bins");
            var items = kind.EndsWith("items", StringComparison.Ordinal);
            var rows = Enumerable.Range(0, 5).Select(i => items ? new Item { Name = $"{i}" } : (object)new Bin { Id = i }).ToList();
            db.AddRange(rows);
            await db.SaveChangesAsync();
            await db.Database.ExecuteSqlRawAsync(
                items ? $"update items set \"Count\" = 9 where \"Name\" = '{at}'" : $"update bins set \"Revision\" = 9 where \"Id\" = {at}");
            foreach (var row in rows)
            {
                if (kind.StartsWith("delete", StringComparison.Ordinal))
                {
                    db.Remove(row);
                }
                else
                {
                    db.Entry(row).Property(items ? "Count" : "Text").CurrentValue = items ? 1 : "x";
                }
            }

            // A row of another table too, so that results with and without rows meet.
            db.Add(items ? new Bin { Id = 100 } : new Item { Name = "more" });
            var error = await Record.ExceptionAsync(async () => _ = async ? await db.SaveChangesAsync() : db.SaveChanges());
            answer = Describe(error, db);
            Assert.Equal(0, await db.Items.CountAsync(i => i.Count == 1) + await db.Bins.CountAsync(b => b.Text == "x"));
        });
        return answer;
    }

    private static async Task<string> ErrorAsync(Stock stock, SentCommands sent, string? actor, int at)
    {
        var answer = "";
        var before = sent.Failed;
        await stock.AsAsync(actor, actor, async db =>
        {
            await db.Database.ExecuteSqlRawAsync("truncate bins");
            db.Add(new Bin { Id = 10 + at });
            await db.SaveChangesAsync();
            db.ChangeTracker.Clear();
            db.AddRange(Enumerable.Range(10, 3).Select(i => new Bin { Id = i }));
            var error = await Record.ExceptionAsync(() => db.SaveChangesAsync());
            answer = $"{error?.GetType().Name} {(error?.InnerException as PostgresException)?.SqlState} failed {sent.Failed - before} {Describe(error, db)}";
        });
        return answer;
    }

    private static string Describe(Exception? error, DbContext db)
        => $"{error?.GetType().Name} {error?.Message} "
            + string.Join(", ", ((error as DbUpdateException)?.Entries ?? []).Select(e => $"{e.Metadata.ClrType.Name} {e.Property("Id").CurrentValue}"))
            + $" {db.ChangeTracker.Entries().Count(e => e.State == EntityState.Unchanged)}";

    private sealed class SuppressConflicts : SaveChangesInterceptor
    {
        public override ValueTask<InterceptionResult> ThrowingConcurrencyExceptionAsync(
            ConcurrencyExceptionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
            => new(InterceptionResult.Suppress());
    }
}
