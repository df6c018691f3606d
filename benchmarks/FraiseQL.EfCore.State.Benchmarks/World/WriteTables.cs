using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>
/// The table of posts three times in one database, without foreign keys: plain, captured by the triggers of this library, and with a row trigger that
/// only notifies. A listener is connected, as in production.
/// </summary>
internal sealed class WriteTables : IAsyncDisposable
{
    public const int Rows = 100_000;

    private const string Columns =
        "id int primary key, author_id int not null, slug text not null, title text not null, body text not null, views int not null, "
        + "rating numeric, published_at timestamptz not null, pinned boolean not null";

    private readonly NpgsqlConnection _listener;

    private WriteTables(string connectionString, NpgsqlConnection listener)
    {
        ConnectionString = connectionString;
        _listener = listener;
    }

    public string ConnectionString { get; }

    public static async Task<WriteTables> CreateAsync(BenchWorld world)
    {
        // Its triggers and log are those of a migration; the table is one of the model's, copied.
        var tables = new WriteTables(world.ConnectionString, new NpgsqlConnection(world.ConnectionString));
        await tables._listener.OpenAsync();
        await DataSet.ExecuteAsync(tables._listener, "LISTEN fraiseql_events; LISTEN bench_notify");
        foreach (var name in new[] { "bench_plain", "bench_captured", "bench_notify" })
        {
            await DataSet.ExecuteAsync(tables._listener, $"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({Columns}); CREATE INDEX ON {name} (author_id)");
        }

        await DataSet.ExecuteAsync(
            tables._listener,
            """
            DROP TABLE IF EXISTS bench_source;
            CREATE TABLE bench_source AS SELECT i AS id, i % 1000 + 1 AS author_id, 'post-' || i AS slug, 'Post ' || i || ' about this and that' AS title,
                repeat(md5(i::text), 1 + i % 9) AS body, i % 1000 AS views, CASE WHEN i % 3 > 0 THEN i % 50 / 10.0 END AS rating,
                timestamptz '2026-01-01' + i * interval '1 minute' AS published_at, i % 50 = 0 AS pinned
            FROM generate_series(1, 100000) i;
            ANALYZE bench_source
            """);
        await DataSet.ExecuteAsync(tables._listener, CaptureSqlOf("bench_captured"));
        await DataSet.ExecuteAsync(
            tables._listener,
            """
            CREATE OR REPLACE FUNCTION bench_notify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('bench_notify', new.id::text); RETURN NULL; END $$;
            CREATE TRIGGER bench_notify AFTER INSERT OR UPDATE ON bench_notify FOR EACH ROW EXECUTE FUNCTION bench_notify()
            """);
        return tables;
    }

    private static string CaptureSqlOf(string table)
        => Migrations.CaptureSql.Create(
            Migrations.CaptureAnnotation.Parse(
                $"v1; schema=public; table={table}; entity=Post; key=id; columns=id,author_id; plain=pinned,published_at,views; text=body,slug,title; image=rating"),
            schema: null);

    public async ValueTask DisposeAsync()
    {
        await DataSet.ExecuteAsync(_listener, "DROP TABLE bench_plain, bench_captured, bench_notify, bench_source");
        await _listener.DisposeAsync();
    }
}
