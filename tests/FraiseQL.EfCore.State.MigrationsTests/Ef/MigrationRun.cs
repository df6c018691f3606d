using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Ef;

/// <summary>The life of a project under the real dotnet-ef, run once; the tests look at what it left. Each step costs seconds.</summary>
public sealed class MigrationRun : IAsyncLifetime
{
    private const string WritesAfterFirst =
        """
        insert into authors values (1);
        insert into posts (id, author_id, title, kind) values (1, 1, null, 0), (2, 1, 'two', 1);
        insert into notes values (1);
        insert into people (id, name, status) values (1, 'Ada', 2);
        update people set email = 'a@x', phone = '5'
        """;

    private string _database = "";

    public string FirstMigration { get; private set; } = "";

    public string Snapshot { get; private set; } = "";

    public string SecondMigration { get; private set; } = "";

    public string EmptyMigration { get; private set; } = "";

    public string PendingAfterFirst { get; private set; } = "";

    public string PendingAfterSecond { get; private set; } = "";

    public string FirstScript { get; private set; } = "";

    public string SecondScript { get; private set; } = "";

    public string IdempotentScript { get; private set; } = "";

    /// <summary>Capture functions with their triggers after: First, Second, Down to First, Down to nothing, up again. The same "on 18".</summary>
    public Dictionary<string, string> Captures { get; } = [];

    /// <summary>Events of the writes after First, during and after Second, after the way down to First.</summary>
    public Dictionary<string, string> Events { get; } = [];

    /// <summary>Whether the log was there after the way down to nothing, on each server.</summary>
    public string LogAfterDown { get; private set; } = "";

    public async Task InitializeAsync()
    {
        _database = await PostgresServer.CreateSharedDatabaseAsync();
        using var project = await EfProject.CreateAsync(_database);

        project.UseModel("First");
        await project.BuildAsync();
        await project.EfAsync("migrations", "add", "First");
        FirstMigration = project.ReadMigration("First");
        await project.BuildAsync();
        await project.EfAsync("database", "update");
        Captures["First"] = await CapturesAsync();
        PendingAfterFirst = await project.EfAsync("migrations", "has-pending-model-changes");
        await project.EfAsync("migrations", "add", "Empty");
        EmptyMigration = project.ReadMigration("Empty");
        project.DeleteMigration("Empty");
        Events["First"] = await EventsAsync(WritesAfterFirst);

        project.UseModel("Second");
        await project.BuildAsync();
        await project.EfAsync("migrations", "add", "Second");
        SecondMigration = project.ReadMigration("Second");
        Snapshot = project.Read("Migrations/BlogContextModelSnapshot.cs");
        await project.BuildAsync();
        await project.EfAsync("migrations", "script", "--output", Path.Combine(project.Folder, "first.sql"), "0", "First");
        FirstScript = project.Read("first.sql");
        await project.EfAsync("migrations", "script", "--output", Path.Combine(project.Folder, "second.sql"), "First", "Second");
        SecondScript = project.Read("second.sql");
        await project.EfAsync("migrations", "script", "--idempotent", "--output", Path.Combine(project.Folder, "all.sql"));
        IdempotentScript = project.Read("all.sql");
        PendingAfterSecond = await project.EfAsync("migrations", "has-pending-model-changes");
        await GoOnAsync(project, "");
        var bundle = Path.Combine(project.Folder, "bundle");
        await project.EfAsync("migrations", "bundle", "--output", bundle);
        Captures["Bundle"] = await CapturesOfAsync(await PostgresServer.CreateSharedDatabaseAsync(), database => project.RunAsync(bundle, database));

        _database = await PostgresServer.CreateSharedDatabaseAsync(null, PostgresRelease.Eighteen);
        await project.MigrateAsync("First", _database);
        Captures["First on 18"] = await CapturesAsync();
        Events["First on 18"] = await EventsAsync(WritesAfterFirst);
        await GoOnAsync(project, " on 18");
    }

    private async Task GoOnAsync(EfProject project, string server)
    {
        Events["During Second" + server] = await EventsAsync(() => project.MigrateAsync("Second", _database));
        Captures["Second" + server] = await CapturesAsync();
        Events["Second" + server] = await EventsAsync("insert into notes values (2); update blog.articles set note_id = 2 where article_id = 1; delete from blog.articles where article_id = 2; delete from authors; insert into authors values (0); update people set email = 'b@x', phone = '6'; update people set id = 1");

        await project.MigrateAsync("First", _database);
        Captures["Down to First" + server] = await CapturesAsync();
        Events["Down to First" + server] = await EventsAsync("insert into authors values (5); update posts set title = 'again'; delete from notes where id = 1; update people set phone = '7'");

        await project.MigrateAsync("0", _database);
        Captures["Down to nothing" + server] = await CapturesAsync();
        LogAfterDown += await ScalarAsync("select to_regclass('fraiseql.change_event') is not null");
        await project.MigrateAsync("Second", _database);
        Captures["Up again" + server] = await CapturesAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private static async Task<string> CapturesOfAsync(string database, Func<string, Task> migrate)
    {
        await migrate(database);
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return await CapturesAsync(connection);
    }

    /// <summary>Runs SQL text on a new database and says what is captured there.</summary>
    public static async Task<string> CapturesOfScriptAsync(string script, int times, PostgresRelease release)
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync(null, release);
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        for (var i = 0; i < times; i++)
        {
            await new NpgsqlCommand(script, connection).ExecuteNonQueryAsync();
        }

        return await CapturesAsync(connection);
    }

    private async Task<string> CapturesAsync()
    {
        await using var connection = await OpenAsync();
        return await CapturesAsync(connection);
    }

    private static async Task<string> CapturesAsync(NpgsqlConnection connection)
        => (string)(await new NpgsqlCommand(
            """
            select coalesce(string_agg(line, e'\n' order by line collate "C"), '') from (
                select p.proname || ': ' || coalesce(string_agg(t.tgrelid::regclass || '.' || t.tgname, ' ' order by t.tgname), 'no triggers') as line
                from pg_proc p left join pg_trigger t on t.tgfoid = p.oid
                where p.pronamespace = (select oid from pg_namespace where nspname = 'fraiseql') and p.prorettype = 'trigger'::regtype
                group by p.proname) as captures
            """, connection).ExecuteScalarAsync())!;

    private Task<string> EventsAsync(string sql) => EventsAsync(async () =>
    {
        await using var connection = await OpenAsync();
        await new NpgsqlCommand(sql, connection).ExecuteNonQueryAsync();
    });

    private async Task<string> EventsAsync(Func<Task> write)
    {
        await ScalarAsync("delete from fraiseql.change_event");
        await write();
        return await ScalarAsync(
            """
            select coalesce(string_agg(concat_ws(' ', relation, entity, op, key::jsonb, after::jsonb, cols::text,
                case when relation = 'public.people' then concat_ws(' ', 'data', data::jsonb, 'old', old::jsonb) end), e'\n' order by seq), '') from fraiseql.change_event
            """);
    }

    private async Task<string> ScalarAsync(string sql)
    {
        await using var connection = await OpenAsync();
        return (await new NpgsqlCommand(sql, connection).ExecuteScalarAsync())?.ToString() ?? "";
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        return connection;
    }
}
