using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

public sealed class HandlerTests
{
    [Fact]
    [Feature("S2.3-lifecycle")]
    [Feature("S2.3-per-entity")]
    [Feature("S9.2-do-per-entity")]
    [Feature("S2.1-publish")]
    public async Task The_life_of_an_entity_is_handled_once_and_in_order_on_two_nodes()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        await using var a = await HandlerNode.StartAsync(database, handled.On("a"));
        await using var b = await HandlerNode.StartAsync(database, handled.On("b"), runsHandlers: false);

        for (var id = 1; id <= 20; id++)
        {
            await using var db = HandlerNode.Context(database);
            var post = new Post { Id = id, Title = "one" };
            db.Add(post);
            await db.SaveChangesAsync();
            post.Title = "two";
            await db.SaveChangesAsync();
            post.Title = "three";
            await db.SaveChangesAsync();
            db.Remove(post);
            await db.SaveChangesAsync();
        }

        await Eventually.Until(() => handled.Count == 80);
        for (var id = 1; id <= 20; id++)
        {
            Assert.Equal(["post_created", "post_updated", "post_updated", "post_deleted"], handled.Of(id));
        }

        Assert.Equal(80, handled.Events.Select(e => e.Id).Distinct().Count());
        Assert.Single(handled.Nodes);
    }

    [Fact]
    [Feature("S2.2-type")]
    [Feature("S2.2-entity-type")]
    [Feature("S2.2-entity-id")]
    [Feature("S2.2-timestamp")]
    [Feature("S2.2-payload")]
    [Feature("S2.2-delta")]
    [Feature("S2.1-event-fields")]
    [Feature("S6.1-event-entity-id")]
    [Feature("S6.1-event-payload")]
    public async Task An_event_says_what_happened()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"));
        await ExecuteAsync(
            database,
            """begin; set local fraiseql.ctx = '{"traceparent": "00-11111111111111111111111111111111-2222222222222222-01", "actor": "Ada", "tenant": "acme", "origin": "web-1"}'; insert into posts values (789, 'first', 1); commit""");
        await ExecuteAsync(database, "update posts set title = 'second'");
        await ExecuteAsync(database, "delete from posts");
        await Eventually.Until(() => handled.Count == 3);

        var (created, updated, deleted) = (handled.Events[0], handled.Events[1], handled.Events[2]);
        Assert.Equal(("post_created", "Post", "post-789", ChangeKind.Created), (created.Type, created.EntityType, created.EntityId, created.Kind));
        Assert.Equal("first", created.Payload.GetProperty("title").GetString());
        Assert.Equal("00-11111111111111111111111111111111-2222222222222222-01", created.TraceParent);
        Assert.Equal(TimeSpan.Zero, created.Timestamp.Offset);
        Assert.True(created.Timestamp <= updated.Timestamp);
        Assert.Empty(created.ChangedColumns);
        Assert.Equal(("post_updated", ChangeKind.Updated), (updated.Type, updated.Kind));
        Assert.Equal(["title"], updated.ChangedColumns);
        Assert.Null(updated.TraceParent);
        Assert.Equal(("post_deleted", ChangeKind.Deleted), (deleted.Type, deleted.Kind));
        Assert.Equal(789, deleted.Payload.GetProperty("id").GetInt32());
        Assert.Null(deleted.Entity);
        Assert.True(created.Seq < updated.Seq && updated.Seq < deleted.Seq);
        Assert.Equal(("Ada", "acme", "web-1"), (created.Actor, created.Tenant, created.Origin));
        Assert.Equal("second", updated.Changes["title"].New!.Value.GetString());
        Assert.Null(updated.Changes["title"].Old); // not captured for this column
        Assert.Empty(created.Changes);
        Assert.Equal((EventTypes.Created<Post>(), EventTypes.Updated<Post>(), EventTypes.Deleted<Post>()), (created.Type, updated.Type, deleted.Type));
        Assert.EndsWith($"-{created.Seq}", created.Id, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("S2.4-on-event")]
    [Feature("S6.1-on-updated")]
    [Feature("S6.1-on-deleted")]
    public async Task OnEvent_sees_its_kind_of_event_only_and_has_the_services_of_a_scope_of_its_own()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var seen = new List<string>();
        var contexts = new HashSet<ShopContext>();
        Task Note(ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
        {
            lock (seen)
            {
                seen.Add(change.Type);
                contexts.Add(context.Services.GetRequiredService<ShopContext>());
                return Task.CompletedTask;
            }
        }

        await using var node = await HandlerNode.StartAsync(
            database, builder => builder.OnEvent<Post>("post_created", Note).OnEvent<Post>("post_deleted", Note));
        await ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        await ExecuteAsync(database, "update posts set title = 'b'");
        await ExecuteAsync(database, "delete from posts");
        await Eventually.Until(() => seen.Count == 2);
        Assert.Equal(["post_created", "post_deleted"], seen);
        Assert.Equal(2, contexts.Count);
    }

    [Fact]
    [Feature("S2.4-retry")]
    public async Task A_handler_that_fails_is_tried_again_and_one_that_succeeded_is_not()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled();
        var flaky = new List<(string Id, int Attempt)>();
        await using var node = await HandlerNode.StartAsync(database, builder =>
        {
            handled.On("a")(builder);
            builder.OnEvent<Post>("post_created", (change, context, _) =>
            {
                flaky.Add((change.Id, context.Attempt));
                return context.Attempt < 3 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
            });
        });
        await ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        await Eventually.Until(() => flaky.Count == 3);
        await ExecuteAsync(database, "update posts set title = 'b'");
        await Eventually.Until(() => handled.Count == 2);

        Assert.Equal([1, 2, 3], flaky.Select(f => f.Attempt));
        Assert.Single(flaky.Select(f => f.Id).Distinct());
        Assert.Equal(["post_created", "post_updated"], handled.Of(1));
        Assert.Equal(2, node.Said(FraiseQLStateEventId.HandlerRetried));
        Assert.Equal(0, node.Said(FraiseQLStateEventId.HandlerParked));
    }

    [Fact]
    [Feature("S2.4-retry")]
    public async Task A_poison_event_parks_its_entity_only_until_somebody_clears_it()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled
        {
            Before = (change, _, _) => change.Payload.GetProperty("id").GetInt32() == 2 && change.Kind == ChangeKind.Created
                ? throw new InvalidOperationException("poison")
                : Task.CompletedTask,
        };
        await using (var node = await HandlerNode.StartAsync(database, handled.On("a"), o => o.Retry.Attempts = 3))
        {
            await ExecuteAsync(database, "insert into posts select n, 'a', 0 from generate_series(1, 3) n");
            await ExecuteAsync(database, "update posts set title = 'b'");
            await Eventually.Until(async () => await CountAsync(database, "select count(*) from fraiseql.parked") == 2);
            await Eventually.Until(() => handled.Count == 4);
            Assert.Equal(["post_created", "post_updated"], handled.Of(1));
            Assert.Equal(["post_created", "post_updated"], handled.Of(3));
            Assert.Empty(handled.Of(2));
            var said = Assert.Single(node.Log.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.HandlerParked);
            Assert.Equal(LogLevel.Error, said.Level);
            Assert.Contains("fraiseql.parked", said.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("post-2", said.Message, StringComparison.Ordinal);
        }

        Assert.Equal(
            1, await CountAsync(database, """select count(*) from fraiseql.parked where entity = 'Post' and key::jsonb = '{"id": 2}' and attempts = 3 and error like '%poison%'"""));

        // Another node knows of the parked entity; when it is cleared, its next event is handled again.
        await using var next = await HandlerNode.StartAsync(database, handled.On("b"));
        await ExecuteAsync(database, "update posts set title = 'c'");
        await Eventually.Until(() => handled.Count == 6);
        await Eventually.Until(async () => await CountAsync(database, "select count(*) from fraiseql.parked") == 3);
        Assert.Empty(handled.Of(2));
        await ExecuteAsync(database, "delete from fraiseql.parked");
        await ExecuteAsync(database, "update posts set title = 'd'");
        await Eventually.Until(() => handled.Count == 9);
        Assert.Equal(["post_updated"], handled.Of(2));
    }

    [Fact]
    [Feature("S2.3-cross-entity")]
    [Feature("U-06-broadcast-vs-competing")]
    public async Task A_slow_handler_delays_neither_other_entities_nor_the_cache()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var gate = new Gate();
        var handled = new Handled { Before = (change, _, _) => change.EntityId == "post-1" ? gate.PassAsync() : Task.CompletedTask };
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"));
        await ExecuteAsync(database, "insert into posts values (1, 'a', 0)");
        await gate.Arrived;
        await ExecuteAsync(database, "insert into posts select n, 'a', 0 from generate_series(2, 30) n");

        // Those that share the lane of the slow one wait for it; the others do not.
        await Eventually.Until(() => handled.Count > 10);
        Assert.Empty(handled.Of(1));
        var written = (ulong)await CountAsync(database, "select max(tx::text::bigint) from fraiseql.change_event");
        await Eventually.Until(() => node.Listener.Position!.Sees(written));
        Assert.Equal(0, await CountAsync(
            database, "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'"));
        gate.Open();
        await Eventually.Until(() => handled.Count == 30);
    }

    [Fact]
    [Feature("U-12-truncate")]
    public async Task A_truncate_comes_after_every_earlier_and_before_every_later_event()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var handled = new Handled { Before = (change, _, token) => Task.Delay(Random.Shared.Next(5), token) };
        await using var node = await HandlerNode.StartAsync(database, handled.On("a"));
        await ExecuteAsync(database, "insert into posts select n, 'a', 0 from generate_series(1, 40) n");
        await ExecuteAsync(database, "truncate posts cascade");
        await ExecuteAsync(database, "insert into posts select n, 'a', 0 from generate_series(1, 40) n");
        await Eventually.Until(() => handled.Count == 81);
        var truncated = handled.Events[40];
        Assert.Equal(("post_truncated", "post-*", ChangeKind.Truncated), (truncated.Type, truncated.EntityId, truncated.Kind));
        Assert.Equal(JsonValueKind.Object, truncated.Payload.ValueKind);
        Assert.Null(truncated.Entity);
    }

    [Fact]
    [Feature("U-14-inheritance")]
    public async Task Composite_keys_hierarchies_and_owned_parts_are_events_of_their_entity()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        var tags = new List<string>();
        var people = new List<ChangeEvent<Person>>();
        var entities = new List<Person?>();
        await using var node = await HandlerNode.StartAsync(database, builder => builder
            .OnEvent<PostTag>("post_tag_created", (change, _, _) =>
            {
                tags.Add(change.EntityId);
                return Task.CompletedTask;
            })
            .OnEvent<Person>("person_created", Note).OnEvent<Person>("person_updated", Note));
        await using (var db = HandlerNode.Context(database))
        {
            db.Add(new PostTag { PostId = 1, Tag = "a,b" });
            await db.SaveChangesAsync();
            db.Add(new Member { Name = "m", Since = 7, Home = new Home { Street = "s" } });
            await db.SaveChangesAsync();
        }

        await Eventually.Until(() => tags.Count == 1 && people.Count == 2);
        Assert.Equal("post_tag-1,a%2Cb", tags[0]);
        Assert.Equal(["person_created", "person_updated"], people.Select(p => p.Type));
        Assert.Equal(people[0].EntityId, people[1].EntityId);
        Assert.Equal(("m", 7), (entities[0]!.Name, Assert.IsType<Member>(entities[0]).Since));
        Assert.Null(entities[1]);

        Task Note(ChangeEvent<Person> change, ChangeContext context, CancellationToken cancellationToken)
        {
            entities.Add(change.Entity);
            people.Add(change);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task The_entity_of_an_event_has_every_value_that_was_written()
    {
        var database = await HandlerNode.CreateDatabaseAsync();
        Everything? seen = null;
        Exception? error = null;
        await using var node = await HandlerNode.StartAsync(database, builder => builder.OnEvent<Everything>("everything_created", (change, _, _) =>
        {
            try
            {
                seen = change.Entity;
            }
            catch (Exception caught)
            {
                error = caught;
            }

            return Task.CompletedTask;
        }));
        var written = new Everything(5, "hidden")
        {
            Text = "a \"quoted\" \\ ü \u2028 😀", Number = 3, Big = long.MaxValue, Small = -2, Money = 12345678901234.5678m, Real = 0.1,
            NotANumber = double.NaN, Rough = 1.5f, Flag = true, Letter = 'ß', Unique = Guid.NewGuid(), Bytes = [0, 1, 255],
            Utc = new DateTime(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1_234_560), Local = new DateTime(2026, 2, 3, 4, 5, 6).AddTicks(10),
            Offset = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero), Date = new DateOnly(2026, 2, 28), Time = new TimeOnly(23, 59, 58, 7),
            Span = new TimeSpan(-3, 4, 5, 6, 7), Day = DayOfWeek.Friday, Converted = DayOfWeek.Monday, Wrapped = new Wrapped(9), Numbers = [1, 2],
            Words = ["x", "y,z"], Json = """{"a": [1, "b"]}""", Document = JsonDocument.Parse("""{"c": null}"""),
        };
        await using (var db = HandlerNode.Context(database))
        {
            db.Add(written);
            await db.SaveChangesAsync();
        }

        await Eventually.Until(() => seen is not null || error is not null);
        Assert.Null(error);
        await using var reading = HandlerNode.Context(database);
        var read = await reading.Everything.AsNoTracking().SingleAsync();
        foreach (var property in typeof(Everything).GetProperties().Where(p => p.PropertyType != typeof(JsonDocument)))
        {
            Assert.Equal(property.GetValue(read), property.GetValue(seen));
        }

        Assert.Equal(read.Document!.RootElement.GetRawText(), seen!.Document!.RootElement.GetRawText());
    }

    internal static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    internal static async Task<long> CountAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
