using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>A database of one test, with the tables and triggers of <see cref="CaptureContext"/>, as EnsureCreated makes them.</summary>
internal sealed class CaptureDatabase
{
    private static readonly Lazy<Task<string>> Template = new(() => CreateTemplateAsync(PostgresRelease.AtHand));
    private static readonly Lazy<Task<string>> Template18 = new(() => CreateTemplateAsync(PostgresRelease.Eighteen));

    private static async Task<string> CreateTemplateAsync(PostgresRelease release)
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync(null, release);
        await using var context = new CaptureContext(database);
        await context.Database.EnsureCreatedAsync();
        return database;
    }

    private CaptureDatabase(string connectionString) => ConnectionString = connectionString;

    public string ConnectionString { get; }

    public static async Task<CaptureDatabase> CreateAsync(PostgresRelease release = PostgresRelease.AtHand)
    {
        var template = await (release == PostgresRelease.Eighteen ? Template18 : Template).Value;
        var database = new CaptureDatabase(await PostgresServer.CreateSharedDatabaseAsync(template, release));
        await database.RunAsync("truncate fraiseql.change_event");
        return database;
    }

    public async Task RunAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>What was logged since the last call, a line an event: relation, operation, key, before, after, changed columns.</summary>
    public async Task<string> TakeAsync()
    {
        var lines = await QueryAsync(
            """
            with taken as (delete from fraiseql.change_event returning *)
            select concat_ws(' ', relation, entity, op, coalesce(key::jsonb::text, '-'), coalesce(before::jsonb::text, '-'), coalesce(after::jsonb::text, '-'), cols::text)
            from taken order by seq
            """);
        return string.Join('\n', lines);
    }

    public async Task<List<string>> QueryAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.IsDBNull(0) ? "null" : reader.GetValue(0).ToString()!);
        }

        return rows;
    }
}
