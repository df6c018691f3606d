using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using IsolationLevel = System.Data.IsolationLevel;

namespace FraiseQL.EfCore.State.PostgresTests.Consistency;

/// <summary><c>Consistency:Isolation</c>, and what PostgreSQL does without it.</summary>
public sealed class IsolationTests : BlogDatabaseTests
{
    [Theory]
    [InlineData(null, "read committed")]
    [InlineData(IsolationLevel.RepeatableRead, "repeatable read")]
    [InlineData(IsolationLevel.Serializable, "serializable")]
    [Feature("S3.1-serializable")]
    public async Task SaveChanges_and_BeginTransaction_have_the_isolation_that_was_asked_for(IsolationLevel? asked, string expected)
    {
        await Seed.ExecuteAsync(ConnectionString, """
            create function note_isolation() returns trigger language plpgsql as $$ begin new."Text" := current_setting('transaction_isolation'); return new; end $$;
            create trigger note_isolation before insert on "Comments" for each row execute function note_isolation();
            """);
        await using var node = await StartAsync(asked);
        await using var db = node.CreateContext();
        db.Comments.Add(new Comment { PostId = 1 });
        await db.SaveChangesAsync();
        db.Comments.Add(new Comment { PostId = 1 });
        db.SaveChanges();
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Comments.Add(new Comment { PostId = 1 });
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        });

        var first = await db.Comments.MinAsync(c => c.Id);
        Assert.Equal((string[])[expected, expected, expected], await db.Comments.Where(c => c.Id > first && !c.Text.StartsWith("About")).Select(c => c.Text).ToListAsync());

        // Who names a level has it.
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead);
            Assert.Equal("repeatable read", await db.Database.SqlQuery<string>($"select current_setting('transaction_isolation') as \"Value\"").SingleAsync());
        });
    }

    [Fact]
    [Feature("S3.1-serializable")]
    public async Task Write_skew_happens_by_default_and_not_when_serializable_was_asked_for()
    {
        // Of the posts of author 1 one must keep its views; each of two transactions sees that the other post has some, and clears its own.
        await using (var node = await StartAsync(null))
        {
            Assert.Equal((bool[])[true, true], await ClearBothAsync(node));
            Assert.Equal(0, await ViewsAsync(node));
        }

        await Seed.ExecuteAsync(ConnectionString, "update \"Posts\" set \"Views\" = 1 where \"Id\" in (1, 2)");
        await using (var node = await StartAsync(IsolationLevel.Serializable))
        {
            // One is ended by the server, retried by EF's strategy, sees what the other did, and refrains.
            Assert.Equal((bool[])[false, true], (await ClearBothAsync(node)).Order());
            Assert.NotEqual(0, await ViewsAsync(node));
        }
    }

    [Fact]
    [Feature("S3.1-serializable")]
    public async Task A_SaveChanges_that_loses_a_conflict_is_retried_by_EFs_strategy()
    {
        // The rule of the test above, kept by a trigger, which lets both see the state before and waits until both have.
        await Seed.ExecuteAsync(ConnectionString, """
            create function keep_one() returns trigger language plpgsql as $$
            declare others bigint;
            begin
                select count(*) into others from "Posts" where "Id" in (1, 2) and "Id" <> new."Id" and "Views" > 0;
                perform pg_advisory_xact_lock_shared(4711);
                if others = 0 then raise exception 'nobody would be left'; end if;
                return new;
            end $$;
            create trigger keep_one before update on "Posts" for each row when (new."Views" = 0) execute function keep_one();
            """);
        await using var node = await StartAsync(IsolationLevel.Serializable);
        await using var holder = new Npgsql.NpgsqlConnection(ConnectionString);
        await holder.OpenAsync();
        await new Npgsql.NpgsqlCommand("select pg_advisory_lock(4711)", holder).ExecuteNonQueryAsync();
        var both = new[] { 1, 2 }.Select(id => Task.Run(() => node.WriteAsync(async db =>
        {
            (await db.Posts.SingleAsync(p => p.Id == id)).Views = 0;
            await db.SaveChangesAsync();
        }))).ToArray();
        await Eventually.Until(async () => (long)(await new Npgsql.NpgsqlCommand(
            "select count(*) from pg_locks where locktype = 'advisory' and objid = 4711 and not granted and database = (select oid from pg_database where datname = current_database())",
            holder).ExecuteScalarAsync())! == 2);
        await new Npgsql.NpgsqlCommand("select pg_advisory_unlock(4711)", holder).ExecuteNonQueryAsync();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(both));
        Assert.Contains("nobody would be left", error.GetBaseException().Message, StringComparison.Ordinal);
        Assert.Equal(1, both.Count(t => t.IsCompletedSuccessfully));
        Assert.NotEqual(0, await ViewsAsync(node));
    }

    [Fact]
    public async Task Where_nobody_retries_it_is_said_once()
    {
        await using var node = await Node.StartAsync(ConnectionString, configure: o => o.Consistency.Isolation = IsolationLevel.Serializable);
        for (var i = 0; i < 2; i++)
        {
            await node.WriteAsync(async db =>
            {
                db.Comments.Add(new Comment { PostId = 1, Text = "x" });
                await db.SaveChangesAsync();
            });
        }

        Assert.Single(node.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.IsolationWithoutRetry);
        await using var retries = await StartAsync(IsolationLevel.Serializable);
        await retries.WriteAsync(async db =>
        {
            db.Comments.Add(new Comment { PostId = 1, Text = "x" });
            await db.SaveChangesAsync();
        });
        Assert.DoesNotContain(retries.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.IsolationWithoutRetry);

        // And the writing node's cache knows of the write when SaveChanges returns.
        var (count, _) = await retries.ReadAsync(db => db.Comments.Where(c => c.PostId == 1).Cacheable().CountAsync());
        await retries.WriteAsync(async db =>
        {
            db.Comments.Add(new Comment { PostId = 1, Text = "y" });
            await db.SaveChangesAsync();
        });
        Assert.Equal(count + 1, (await retries.ReadAsync(db => db.Comments.Where(c => c.PostId == 1).Cacheable().CountAsync())).Value);
    }

    private static async Task<bool[]> ClearBothAsync(Node node)
    {
        var read = new CountdownEvent(2);
        var bothRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return await Task.WhenAll(new[] { 1, 2 }.Select(id => Task.Run(async () =>
        {
            await using var db = node.CreateContext();
            return await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                db.ChangeTracker.Clear();
                await using var transaction = await db.Database.BeginTransactionAsync();
                var posts = await db.Posts.Where(p => p.Id == 1 || p.Id == 2).ToListAsync();
                if (!read.IsSet && read.Signal())
                {
                    bothRead.SetResult();
                }

                await bothRead.Task.WaitAsync(TimeSpan.FromSeconds(30));
                var mayClear = posts.Single(p => p.Id != id).Views > 0;
                if (mayClear)
                {
                    posts.Single(p => p.Id == id).Views = 0;
                    await db.SaveChangesAsync();
                }

                await transaction.CommitAsync();
                return mayClear;
            });
        })));
    }

    private static async Task<int> ViewsAsync(Node node)
        => (await node.ReadAsync(db => db.Posts.Where(p => p.Id == 1 || p.Id == 2).SumAsync(p => p.Views))).Value;

    private Task<Node> StartAsync(IsolationLevel? isolation) => Node.StartAsync(
        ConnectionString, configure: o => o.Consistency.Isolation = isolation, context: o => o.UseNpgsql(ConnectionString, n => n.EnableRetryOnFailure()));
}
