using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>Tables, keys and names of every shape, written through EF.</summary>
public abstract class TableShapeTests(PostgresRelease release)
{
    [Fact]
    [Feature("U-14-inheritance")]
    [Feature("U-10-key-types")]
    public async Task A_join_table_logs_both_ends()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await using var context = new CaptureContext(database.ConnectionString);
        var tag = new Tag { Name = "odd \"tag\" 😀\u0001\\" };
        var post = new Post { Id = 1, AuthorId = 1, Title = "a", Tags = { tag } };
        context.Add(post);
        await context.SaveChangesAsync();
        Assert.Equal(
            """
            public.posts Post I {"id": 1} - {"id": 1, "author_id": 1}
            public.tags Tag I {"name": "odd \"tag\" 😀\u0001\\"} - {"name": "odd \"tag\" 😀\u0001\\"}
            public.post_tags PostTag I {"tag": "odd \"tag\" 😀\u0001\\", "post_id": 1} - {"tag": "odd \"tag\" 😀\u0001\\", "post_id": 1}
            """, await database.TakeAsync());

        post.Tags.Clear();
        await context.SaveChangesAsync();
        Assert.Equal(
            """public.post_tags PostTag D {"tag": "odd \"tag\" 😀\u0001\\", "post_id": 1} {"tag": "odd \"tag\" 😀\u0001\\", "post_id": 1} -""",
            await database.TakeAsync());
    }

    [Fact]
    [Feature("U-15-partitioned")]
    public async Task Owned_rows_are_updates_of_their_owner_in_any_schema_under_any_name()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await using var context = new CaptureContext(database.ConnectionString);
        var id = new Guid("11111111-2222-3333-4444-555555555555");
        var order = new Order { Id = id, Address = new() { Street = "s" }, Options = new() { Gift = true }, Lines = { new() { Number = 1, Quantity = 2 } } };
        context.Add(order);
        await context.SaveChangesAsync();
        Assert.Equal(
            """
            Sales Dept.The "Order"s.1 Order I {"Order Id": "11111111-2222-3333-4444-555555555555"} - {"Order Id": "11111111-2222-3333-4444-555555555555"}
            public.order_lines Order U {"Order Id": "11111111-2222-3333-4444-555555555555"} - {"number": 1, "order_id": "11111111-2222-3333-4444-555555555555"}
            """, await database.TakeAsync());

        order.Options.Gift = false;
        order.Address.Street = "t";
        order.Status = "paid";
        order.Lines[0].Quantity = 3;
        await context.SaveChangesAsync();
        Assert.Equal(
            """
            Sales Dept.The "Order"s.1 Order U {"Order Id": "11111111-2222-3333-4444-555555555555"} {"Order Id": "11111111-2222-3333-4444-555555555555"} {"Order Id": "11111111-2222-3333-4444-555555555555"} {Address_Street,o'Status,Options}
            public.order_lines Order U {"Order Id": "11111111-2222-3333-4444-555555555555"} {"number": 1, "order_id": "11111111-2222-3333-4444-555555555555"} {"number": 1, "order_id": "11111111-2222-3333-4444-555555555555"} {Quantity}
            """, await database.TakeAsync());

        context.Remove(order);
        await context.SaveChangesAsync();
        Assert.Equal(
            """
            public.order_lines Order U {"Order Id": "11111111-2222-3333-4444-555555555555"} {"number": 1, "order_id": "11111111-2222-3333-4444-555555555555"} -
            Sales Dept.The "Order"s.1 Order D {"Order Id": "11111111-2222-3333-4444-555555555555"} {"Order Id": "11111111-2222-3333-4444-555555555555"} -
            """, await database.TakeAsync());
    }

    [Fact]
    [Feature("U-14-inheritance")]
    public async Task A_hierarchy_logs_its_root_whatever_tables_it_has()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await using var context = new CaptureContext(database.ConnectionString);
        var cat = new Cat { Id = 1, Name = "c", Lives = 9 };
        context.Add(cat).Property("owner_id").CurrentValue = 1;
        await context.SaveChangesAsync();
        cat.Lives--;
        await context.SaveChangesAsync();
        Assert.Equal(
            """
            public.pets Pet I {"id": 1} - {"id": 1, "owner_id": 1}
            public.pets Pet U {"id": 1} {"id": 1, "owner_id": 1} {"id": 1, "owner_id": 1} {Lives}
            """, await database.TakeAsync());

        var car = new Car { Id = 7, Doors = 3 };
        context.Add(car);
        await context.SaveChangesAsync();
        car.Doors = 5;
        await context.SaveChangesAsync();
        context.Remove(car);
        await context.SaveChangesAsync();
        Assert.Equal(
            """
            public.vehicles Vehicle I {"id": 7} - {"id": 7}
            public.cars Vehicle U {"id": 7} - {"id": 7}
            public.cars Vehicle U {"id": 7} {"id": 7} {"id": 7} {Doors}
            public.cars Vehicle U {"id": 7} {"id": 7} -
            public.vehicles Vehicle D {"id": 7} {"id": 7} -
            """, await database.TakeAsync());
    }

    [Fact]
    [Feature("U-10-key-types")]
    public async Task A_key_without_exact_equality_is_in_the_key_but_not_among_the_dependency_columns()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        var table = "accounts_" + new string('x', 54);
        await database.RunAsync($"set timezone = 'Asia/Tokyo'; insert into {table} (bank, at, n) values ('ab', '2026-01-01 09:00+09', 1); update {table} set raw = '1'; update {table} set at = 'infinity'");
        Assert.Equal(
            $$"""
            public.{{table}} Account I {"at": "2026-01-01T00:00:00+00:00", "bank": "ab  "} - {}
            public.{{table}} Account U {"at": "2026-01-01T00:00:00+00:00", "bank": "ab  "} {} {} {raw}
            public.{{table}} Account D {"at": "2026-01-01T00:00:00+00:00", "bank": "ab  "} {} -
            public.{{table}} Account I {"at": "infinity", "bank": "ab  "} - {}
            """, await database.TakeAsync());
    }

    [Fact]
    public async Task Names_are_unique_valid_and_the_same_every_time()
    {
        Assert.Equal("public.posts", CaptureSql.FunctionName("public", "posts"));
        Assert.NotEqual(CaptureSql.FunctionName("a.b", "c"), CaptureSql.FunctionName("a", "b.c"));
        var prefix = new string('é', 31);
        var names = new[] { CaptureSql.FunctionName("public", prefix + "a"), CaptureSql.FunctionName("public", prefix + "b") };
        Assert.NotEqual(names[0], names[1]);
        Assert.All(names, n => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(n), 1, 63));
        Assert.Equal(names[0], CaptureSql.FunctionName("public", prefix + "a"));

        var database = await CaptureDatabase.CreateAsync(release);
        Assert.Equal(
            ["0"],
            await database.QueryAsync("select count(*) from pg_proc where pronamespace = 'fraiseql'::regnamespace and prosrc like '%$EF$%'"));
    }

    [Fact]
    public async Task Rows_of_the_model_s_seed_are_captured_and_ignored_tables_are_not()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync(null, release);
        await using var context = new CaptureContext(database);
        await context.Database.EnsureCreatedAsync();
        await context.Database.ExecuteSqlRawAsync("insert into secrets values (1)");

        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        Assert.Equal("Author,Author", await new NpgsqlCommand("select string_agg(entity, ',') from fraiseql.change_event", connection).ExecuteScalarAsync());
    }

    [Fact]
    [Feature("S7.2-triggers")]
    public async Task The_check_names_what_is_missing_disabled_or_older_and_the_command()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await using var context = new CaptureContext(database.ConnectionString);
        var model = CaptureModel.For(context.Model);
        await using var connection = await database.OpenAsync();
        async Task<CaptureReport> CheckAsync(string? sql = null)
        {
            if (sql is not null)
            {
                await database.RunAsync(sql);
            }

            return await CaptureCheck.CheckAsync(connection, model, rowSecurityIsScoped: false, CancellationToken.None);
        }

        var all = await CheckAsync();
        Assert.True(all.LogPresent);
        Assert.Empty(all.Problems);
        Assert.Equal(model.Tables.Select(t => t.Relation), all.Verified.Order(StringComparer.Ordinal));

        var role = "applier_" + Guid.NewGuid().ToString("N")[..8];
        var replica = await CheckAsync($"create role {role}; alter role {role} in database \"{connection.Database}\" set session_replication_role = replica");
        Assert.StartsWith($"Sessions of {role} begin with session_replication_role = replica", Assert.Single(replica.Problems), StringComparison.Ordinal);
        Assert.Equal(all.Verified.Count, replica.Verified.Count);
        Assert.Empty((await CheckAsync($"alter role {role} in database \"{connection.Database}\" reset session_replication_role; drop role {role}")).Problems);

        var disabled = await CheckAsync("alter table posts disable trigger fraiseql_delete; alter table pets enable always trigger fraiseql_insert");
        Assert.DoesNotContain("public.posts", disabled.Verified);
        Assert.Contains("public.pets", disabled.Verified);
        Assert.Equal("The triggers of public.posts are disabled: run ALTER TABLE … ENABLE TRIGGER USER on each of these tables.", Assert.Single(disabled.Problems));

        var broken = await CheckAsync("comment on function fraiseql.\"public.tags\"() is 'v1; older'; drop trigger fraiseql_update on cars");
        Assert.Equal(3, broken.Problems.Count);
        Assert.Contains(broken.Problems, p => p.StartsWith("Changes of public.cars are not captured: triggers are missing. Run `dotnet ef database update`", StringComparison.Ordinal));
        Assert.Contains(broken.Problems, p => p.StartsWith("The triggers of public.tags were made from another version of the model.", StringComparison.Ordinal));
        Assert.Equal(model.Tables.Count - 3, broken.Verified.Count);

        await database.RunAsync("create role nobody_special");
        await new NpgsqlCommand("set role nobody_special", connection).ExecuteNonQueryAsync();
        Assert.Equal(3, (await CheckAsync()).Problems.Count);
        await new NpgsqlCommand("reset role", connection).ExecuteNonQueryAsync();

        var none = await CheckAsync("drop schema fraiseql cascade; drop role nobody_special");
        Assert.False(none.LogPresent);
        Assert.Empty(none.Verified);
        Assert.Contains("dotnet ef migrations add AddChangeEvents", Assert.Single(none.Problems), StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-15-partitioned")]
    public async Task A_partitioned_table_is_captured_once_through_its_parent_and_through_its_partitions()
    {
        var database = await CaptureDatabase.CreateAsync(release);
        await database.RunAsync(
            """
            create table parts (id int, day date, primary key (id, day)) partition by range (day);
            create table parts_1 partition of parts for values from ('2026-01-01') to ('2026-02-01');
            create table parts_2 partition of parts for values from ('2026-02-01') to ('2026-03-01')
            """);
        await database.RunAsync(CaptureSql.Create(
            CaptureAnnotation.Parse("v1; schema=public; table=parts; entity=Part; key=id,day; columns=id; plain=day"), schema: null));

        await database.RunAsync("insert into parts values (1, '2026-01-01'), (2, '2026-02-01'); update parts set day = '2026-02-02' where id = 1; delete from parts");
        Assert.Equal(
            """
            public.parts Part I {"id": 1, "day": "2026-01-01"} - {"id": 1}
            public.parts Part I {"id": 2, "day": "2026-02-01"} - {"id": 2}
            public.parts Part D {"id": 1, "day": "2026-01-01"} {"id": 1} -
            public.parts Part D {"id": 1, "day": "2026-02-02"} {"id": 1} -
            public.parts Part D {"id": 2, "day": "2026-02-01"} {"id": 2} -
            public.parts Part I {"id": 1, "day": "2026-02-02"} - {"id": 1}
            """.ReplaceLineEndings("\n"), Ordered(await database.TakeAsync()));

        await database.RunAsync("insert into parts_1 values (3, '2026-01-03'); truncate parts_1; delete from parts_2");
        Assert.Equal(
            """
            public.parts Part I {"id": 3, "day": "2026-01-03"} - {"id": 3}
            public.parts Part T - - -
            """.ReplaceLineEndings("\n"), await database.TakeAsync());

        static string Ordered(string lines)
        {
            var all = lines.Split('\n');
            return string.Join('\n', all.Take(2).Concat(all.Skip(2).Order(StringComparer.Ordinal)));
        }
    }
}

public sealed class TableShapeTestsAtHand() : TableShapeTests(PostgresRelease.AtHand);

public sealed class TableShapeTestsOn18() : TableShapeTests(PostgresRelease.Eighteen)
{
    [Fact]
    public async Task The_server_is_version_18()
    {
        var database = await CaptureDatabase.CreateAsync(PostgresRelease.Eighteen);
        Assert.StartsWith("18", Assert.Single(await database.QueryAsync("show server_version_num")), StringComparison.Ordinal);
    }
}
