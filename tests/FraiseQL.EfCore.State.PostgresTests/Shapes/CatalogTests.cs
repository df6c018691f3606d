using FraiseQL.EfCore.State.Model;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>What the server's catalog tells about views, on the server itself.</summary>
public sealed class CatalogTests : IAsyncLifetime
{
    private const string Schema = """
        CREATE TABLE author (id int PRIMARY KEY, name text);
        CREATE TABLE post (id int PRIMARY KEY, author_id int, at timestamptz);
        CREATE TABLE secret (id int);
        ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
        CREATE TABLE animal (id int);
        CREATE TABLE dog (barks int) INHERITS (animal);
        CREATE TABLE day (id int) PARTITION BY RANGE (id);
        CREATE TABLE day_1 PARTITION OF day FOR VALUES FROM (0) TO (10);
        CREATE SCHEMA other;
        CREATE TABLE other.author (id int);
        CREATE FUNCTION reads_a_table() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM post';
        CREATE FUNCTION only_adds(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 1';
        CREATE VIEW plain AS SELECT * FROM author;
        CREATE VIEW nested AS SELECT p.id, plain.name FROM plain JOIN post p ON p.author_id = plain.id;
        CREATE VIEW with_cte AS WITH x AS (SELECT id FROM post) SELECT * FROM author WHERE id IN (SELECT id FROM x) AND EXISTS (SELECT FROM other.author);
        CREATE VIEW immutable AS SELECT only_adds(id) AS next, lower(name) AS name FROM author;
        CREATE VIEW clock AS SELECT * FROM post WHERE at > now();
        CREATE VIEW today AS SELECT * FROM post WHERE at > current_date;
        CREATE VIEW dice AS SELECT id, random() AS r FROM post;
        CREATE VIEW over_clock AS SELECT id FROM clock;
        CREATE VIEW calls AS SELECT id, reads_a_table() FROM author;
        CREATE VIEW guarded AS SELECT * FROM secret;
        CREATE VIEW system AS SELECT relname FROM pg_catalog.pg_class;
        CREATE VIEW sampled AS SELECT * FROM post TABLESAMPLE SYSTEM (50);
        CREATE VIEW animals AS SELECT * FROM animal;
        CREATE VIEW days AS SELECT * FROM day;
        CREATE MATERIALIZED VIEW frozen AS SELECT * FROM author;
        CREATE VIEW over_frozen AS SELECT * FROM frozen;
        """;

    private DatabaseCatalog _catalog = null!;
    private string _connectionString = "";

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await (await PostgresServer.SharedAsync()).ExecuteAsync(Schema, _connectionString);
        _catalog = await ReadAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("plain", "public.author")]
    [InlineData("nested", "public.author public.post")]
    [InlineData("with_cte", "other.author public.author public.post")]
    [InlineData("immutable", "public.author")]
    [InlineData("days", "public.day")]
    [InlineData("author", "public.author")]
    [Feature("S1.1-l3-views")]
    [Feature("U-46-view-cascade")]
    public void A_view_leads_to_the_tables_under_it(string view, string tables)
    {
        var source = _catalog.Trace("public." + view);
        Assert.Equal((CatalogProblem.None, tables), (source.Problem, string.Join(' ', source.Tables.Order(StringComparer.Ordinal))));
    }

    [Theory]
    [InlineData("clock", "Volatile", "now")]
    [InlineData("today", "Volatile", "SQLVALUEFUNCTION")]
    [InlineData("dice", "Volatile", "random")]
    [InlineData("over_clock", "Volatile", "now")]
    [InlineData("sampled", "Volatile", "TABLESAMPLECLAUSE")]
    [InlineData("calls", "Opaque", "reads_a_table")]
    [InlineData("guarded", "RowSecurity", "public.secret")]
    [InlineData("frozen", "MaterializedView", "public.frozen")]
    [InlineData("over_frozen", "MaterializedView", "public.frozen")]
    [InlineData("animals", "Inherited", "public.dog")]
    [InlineData("animal", "Inherited", "public.dog")]
    [InlineData("system", "Unknown", "pg_catalog.pg_class")]
    [InlineData("nowhere", "Unknown", "public.nowhere")]
    [Feature("S1.1-l3-views")]
    public void A_view_whose_rows_other_things_can_change_is_told_apart(string view, string problem, string culprit)
    {
        var source = _catalog.Trace("public." + view);
        Assert.Equal((problem, culprit), (source.Problem.ToString(), source.Culprit));
    }

    [Fact]
    [Feature("U-29-rls-check")]
    public void Row_level_security_is_seen_on_a_table_and_through_a_view()
        => Assert.Equal(
            (true, true, false, false),
            (_catalog.HasRowSecurity("public.secret"), _catalog.HasRowSecurity("public.guarded"), _catalog.HasRowSecurity("public.plain"), _catalog.HasRowSecurity("public.post")));

    [Fact]
    public async Task A_view_that_was_defined_anew_no_longer_holds_and_a_new_table_changes_nothing()
    {
        var server = await PostgresServer.SharedAsync();
        await server.ExecuteAsync("CREATE TABLE another (id int)", _connectionString);
        var later = await ReadAsync();
        Assert.True(_catalog.HoldsIn(later));
        await server.ExecuteAsync("CREATE OR REPLACE VIEW plain AS SELECT author.* FROM author JOIN post ON post.id = author.id", _connectionString);
        Assert.False(later.HoldsIn(await ReadAsync()));
    }

    private async Task<DatabaseCatalog> ReadAsync()
    {
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync();
        return await CatalogReader.ReadAsync(connection, async: true, CancellationToken.None);
    }
}
