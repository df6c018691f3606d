using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>A database that follows one model after another, by the operations and the SQL that migrations between them have.</summary>
internal sealed class ModelDatabase(string connectionString)
{
    private Action<ModelBuilder> _current = _ => { };

    public string ConnectionString => connectionString;

    public static async Task<ModelDatabase> CreateAsync(PostgresRelease release)
        => new(await PostgresServer.CreateSharedDatabaseAsync(null, release));

    /// <summary>What `dotnet ef migrations add` puts into the migration.</summary>
    public static IReadOnlyList<MigrationOperation> Differences(Action<ModelBuilder> from, Action<ModelBuilder> to)
    {
        using var before = new StepContext("Host=unused", from);
        using var after = new StepContext("Host=unused", to);
        return after.GetService<IMigrationsModelDiffer>().GetDifferences(Relational(before), Relational(after));
    }

    public Task MigrateAsync(Action<ModelBuilder> to) => MigrateAsync(Differences(_current, to), to);

    public async Task MigrateAsync(IReadOnlyList<MigrationOperation> operations, Action<ModelBuilder> to)
    {
        await using var context = new StepContext(connectionString, to);
        var commands = context.GetService<IMigrationsSqlGenerator>().Generate(operations, context.GetService<IDesignTimeModel>().Model);
        await RunAsync(string.Concat(commands.Select(c => c.CommandText + ";\n")) + "select");
        _current = to;
    }

    /// <summary>What the check at the start of an application says about the database.</summary>
    public async Task<IReadOnlyList<string>> ProblemsAsync() => (await CheckAsync(_current)).Problems;

    /// <summary>The same, to an application with this model.</summary>
    public async Task<CaptureReport> CheckAsync(Action<ModelBuilder> model)
    {
        await using var context = new StepContext(connectionString, model);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return await CaptureCheck.CheckAsync(connection, CaptureModel.For(context.Model), rowSecurityIsScoped: false, CancellationToken.None);
    }

    public async Task RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The events of some SQL, a line each: relation, entity, operation, key, old and new dependency columns, changed columns.</summary>
    public async Task<string> EventsAsync(string sql)
    {
        await RunAsync("delete from fraiseql.change_event;" + sql);
        return await LinesAsync(
            """
            select concat_ws(' ', relation, entity, op, coalesce(key::jsonb::text, '-'), coalesce(before::jsonb::text, '-'), coalesce(after::jsonb::text, '-'), cols::text)
            from fraiseql.change_event order by seq
            """);
    }

    public async Task<string> LinesAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetValue(0).ToString()!);
        }

        return string.Join('\n', lines);
    }

    private static IRelationalModel Relational(DbContext context) => context.GetService<IDesignTimeModel>().Model.GetRelationalModel();
}

/// <summary>A context with the model of one step. EF caches models by the context's type: here each instance has its own.</summary>
internal sealed class StepContext(string connectionString, Action<ModelBuilder> configure) : DbContext
{
    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder)
        => optionsBuilder.UseNpgsql(connectionString).UseFraiseQLState().ReplaceService<IModelCacheKeyFactory, EachItsOwn>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => configure(modelBuilder);

    private sealed class EachItsOwn : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context.ContextId, designTime);
    }
}
