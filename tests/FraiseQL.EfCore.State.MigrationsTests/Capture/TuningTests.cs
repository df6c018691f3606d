using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>What HasChangeEvents changes in the log.</summary>
public abstract class TuningTests(PostgresRelease release)
{
    private const string Log =
        """
        select concat_ws(' ', entity, op, coalesce(before::jsonb::text, '-'), coalesce(after::jsonb::text, '-'), coalesce(cols::text, '-'),
            coalesce(data::jsonb::text, '-'), coalesce(old::jsonb::text, '-')) from fraiseql.change_event order by seq
        """;

    [Fact]
    [Feature("U-17-column-filter")]
    public async Task An_excluded_column_is_in_no_event_and_of_a_redacted_one_only_that_it_changed()
    {
        var database = await CreateAsync();
        await RunAsync(database, "insert into people (id, email, phone, age, status) values (1, 'a@x', '555', 30, 2); update people set email = 'b@x'; update people set phone = '556', age = 31");

        Assert.Equal(
            [
                """Person I - {"id": 1, "status": 2} - {"id": 1, "age": null, "note": null, "phone": "***", "status": 2} -""",
                """Person U {"id": 1, "status": 2} {"id": 1, "status": 2} {} {"id": 1, "age": null, "note": null, "phone": "***", "status": 2} -""",
                """Person U {"id": 1, "status": 2} {"id": 1, "status": 2} {age,phone} {"id": 1, "age": null, "note": null, "phone": "***", "status": 2} -""",
            ],
            await QueryAsync(database, Log));
        Assert.Equal(["0"], await QueryAsync(database, "select count(*) from fraiseql.change_event e where e::text like '%@x%' or e::text like '%555%' or e::text like '%email%'"));
    }

    [Fact]
    [Feature("U-17-column-filter")]
    public async Task What_is_hidden_stays_hidden_in_a_row_too_large_for_the_usual_way()
    {
        var database = await CreateAsync();
        await RunAsync(database, "insert into people (id, email, phone, status, note) values (1, 'a@x', '555', 2, repeat('x', 101000000))");
        Assert.Equal(
            ["id, note, status 101000000"],
            await QueryAsync(database, "select (select string_agg(k, ', ' order by k) from json_object_keys(data) k) || ' ' || length(data->>'note') from fraiseql.change_event"));
    }

    [Fact]
    public async Task A_dependency_column_has_its_old_and_new_value_in_every_event()
    {
        var database = await CreateAsync();
        await RunAsync(database, "insert into people (id, email, status) values (1, 'a', 2); truncate fraiseql.change_event; update people set status = 3; delete from people");
        Assert.Equal(
            ["""U {"id": 1, "status": 2} {"id": 1, "status": 3}""", """D {"id": 1, "status": 3} -"""],
            await QueryAsync(database, "select concat_ws(' ', op, before::jsonb, coalesce(after::jsonb::text, '-')) from fraiseql.change_event order by seq"));
    }

    [Fact]
    [Feature("U-16-preimage")]
    public async Task A_pre_image_is_the_whole_row_before_an_update_or_a_delete()
    {
        var database = await CreateAsync();
        await RunAsync(database, "insert into notes values (1, 'first'); update notes set text = 'second'; delete from notes");
        Assert.Equal(
            [
                """Note I - {"id": 1} - {"id": 1, "text": "first"} -""",
                """Note U {"id": 1} {"id": 1} {text} {"id": 1, "text": "second"} {"id": 1, "text": "first"}""",
                """Note D {"id": 1} - - - {"id": 1, "text": "second"}""",
            ],
            await QueryAsync(database, Log));
    }

    [Fact]
    [Feature("U-13-noop")]
    public async Task An_update_that_changes_nothing_is_an_event_where_it_was_asked_for()
    {
        var database = await CreateAsync();
        await RunAsync(database, "insert into beats values (1); truncate fraiseql.change_event; update beats set id = id");
        Assert.Equal(["""Beat U {"id": 1} {"id": 1} {} {"id": 1} -"""], await QueryAsync(database, Log));
    }

    [Fact]
    [Feature("S2.1-channels")]
    public async Task An_entity_with_a_channel_rings_there_too_once_a_transaction_and_no_other_does()
    {
        var database = await CreateAsync();
        await using var listener = new NpgsqlConnection(database);
        await listener.OpenAsync();
        var heard = new List<string>();
        listener.Notification += (_, e) => heard.Add($"{e.Channel}:{e.Payload}");
        await using (var listen = new NpgsqlCommand("listen \"the 'beat'\"; listen done", listener))
        {
            await listen.ExecuteNonQueryAsync();
        }

        await RunAsync(database, "insert into people (id, email, status) values (1, 'a', 1)");
        await RunAsync(database, "begin; insert into beats values (1), (2); update beats set id = id; insert into people (id, email, status) values (2, 'b', 1); commit");
        await RunAsync(database, "begin; update beats set id = id; rollback");
        await RunAsync(database, "set fraiseql.quiet = 'on'; update beats set id = id");
        await RunAsync(database, "notify done");
        while (!heard.Contains("done:"))
        {
            await listener.WaitAsync();
        }

        Assert.Equal(["the 'beat':", "done:"], heard);
        Assert.Throws<ArgumentException>(() => Build(b => b.Entity<Person>().HasChangeEvents(e => e.Channel(new string('x', 64)))));
    }

    [Fact]
    [Feature("S2.2-type")]
    public async Task A_model_captures_only_where_it_was_asked_to_and_names_events_as_it_was_told()
    {
        var database = await CreateAsync();
        await using var context = new TunedContext(database);
        var tables = CaptureModel.For(context.Model).Tables;
        Assert.Equal(["beat", "memo", "person"], tables.Select(t => t.EventPrefix).Order());
        Assert.Equal(["beats", "notes", "people"], await QueryAsync(database, "select distinct tgrelid::regclass::text from pg_trigger where tgname like 'fraiseql%' order by 1"));
        await RunAsync(database, "insert into silent values (1)");
        Assert.Empty(await QueryAsync(database, Log));
    }

    [Fact]
    public void A_column_that_events_need_cannot_be_hidden_and_an_inexact_one_cannot_be_a_dependency()
    {
        var hidden = Assert.Throws<InvalidOperationException>(() => Build(b => b.Entity<Person>().HasChangeEvents(e => e.Exclude(p => p.Id))));
        Assert.Contains("excludes or redacts Id, which is a key", hidden.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Build(b => b.Entity<Person>().HasChangeEvents(e => e.Redact(p => p.Status).DependsOn(p => p.Status))));
        var inexact = Assert.Throws<InvalidOperationException>(() => Build(b => b.Entity<Person>().HasChangeEvents(e => e.DependsOn(p => p.Height))));
        Assert.Contains("DependsOn for the column height of type numeric", inexact.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Build(b => b.Entity<Person>().HasChangeEvents(e => e.Exclude(p => p.Email.Length))));
    }

    private static void Build(Action<ModelBuilder> configure)
    {
        using var context = new AnyContext(configure);
        _ = CaptureModel.For(context.Model);
    }

    private async Task<string> CreateAsync()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync(null, release);
        await using var context = new TunedContext(database);
        await context.Database.EnsureCreatedAsync();
        return database;
    }

    private static async Task RunAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string>> QueryAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetValue(0).ToString()!);
        }

        return rows;
    }

    private sealed class Person
    {
        public int Id { get; set; }

        public string Email { get; set; } = "";

        public string? Phone { get; set; }

        public int? Age { get; set; }

        public Status Status { get; set; }

        public string? Note { get; set; }

        public decimal? Height { get; set; }
    }

    private enum Status
    {
        New = 1,
    }

    private sealed class Note
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";
    }

    private sealed class Beat
    {
        public int Id { get; set; }
    }

    private sealed class Silent
    {
        public int Id { get; set; }
    }

    private sealed class TunedContext(string connectionString) : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseNpgsql(connectionString).UseFraiseQLState();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.CaptureChangesOnlyWhereAsked();
            modelBuilder.Entity<Person>(b =>
            {
                b.ToTable("people").HasChangeEvents(e => e.Exclude(p => p.Email).Redact(p => p.Phone).Redact(p => p.Age).DependsOn(p => p.Status));
                foreach (var property in b.Metadata.GetProperties())
                {
                    property.SetColumnName(property.Name.ToLowerInvariant());
                }

                b.Ignore(p => p.Height);
            });
            modelBuilder.Entity<Note>(b =>
            {
                b.ToTable("notes").HasChangeEvents(e => e.Named("memo").PreImage());
                b.Property(n => n.Id).HasColumnName("id");
                b.Property(n => n.Text).HasColumnName("text");
            });
            modelBuilder.Entity<Beat>().ToTable("beats").HasChangeEvents(e => e.LogUnchanged().Channel("the 'beat'")).Property(b => b.Id).HasColumnName("id");
            modelBuilder.Entity<Silent>().ToTable("silent").Property(s => s.Id).HasColumnName("id");
        }
    }

    // EF caches models by the context's type: this one is made anew for each instance.
    private sealed class AnyContext(Action<ModelBuilder> configure) : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder)
            => optionsBuilder.UseNpgsql("Host=unused").UseFraiseQLState()
                .ReplaceService<Microsoft.EntityFrameworkCore.Infrastructure.IModelCacheKeyFactory, EachItsOwn>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Person>().Property(p => p.Height).HasColumnName("height");
            configure(modelBuilder);
        }

        private sealed class EachItsOwn : Microsoft.EntityFrameworkCore.Infrastructure.IModelCacheKeyFactory
        {
            public object Create(DbContext context, bool designTime) => (context.ContextId, designTime);
        }
    }
}

public sealed class TuningTestsAtHand() : TuningTests(PostgresRelease.AtHand);

public sealed class TuningTestsOn18() : TuningTests(PostgresRelease.Eighteen);
