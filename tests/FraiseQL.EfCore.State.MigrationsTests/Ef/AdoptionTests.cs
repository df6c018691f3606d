using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Ef;

/// <summary>An application that has migrations and rows takes the library in.</summary>
public sealed class AdoptionTests
{
    private const string Without =
        """
        using Microsoft.EntityFrameworkCore;

        namespace Blog;

        public class BlogContext : DbContext
        {
            protected override void OnConfiguring(DbContextOptionsBuilder options)
                => options.UseNpgsql(Environment.GetEnvironmentVariable("BLOG_DATABASE"));

            protected override void OnModelCreating(ModelBuilder model)
                => model.Entity<Post>(b => { b.ToTable("posts"); b.Property(p => p.Id).ValueGeneratedNever(); });
        }

        public class Post { public int Id { get; set; } public string? Title { get; set; } }
        """;

    [Fact]
    [Feature("P-migrations")]
    public async Task The_next_migration_of_an_application_that_exists_has_the_log_and_the_triggers_and_its_way_back_takes_the_triggers_along()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        using var project = await EfProject.CreateAsync(database);
        project.Write("Model.cs", Without);
        await project.BuildAsync();
        await project.EfAsync("migrations", "add", "Before");
        await project.BuildAsync();
        await project.MigrateAsync("Before");
        Assert.Equal("", await AskAsync(database, "insert into posts values (1, 'old'); select coalesce(to_regclass('fraiseql.change_event')::text, '')"));

        project.Write("Model.cs", Without.Replace("options.UseNpgsql", "options.UseFraiseQLState().UseNpgsql", StringComparison.Ordinal));
        await project.BuildAsync();
        await project.EfAsync("migrations", "add", "CaptureChanges");
        var migration = project.ReadMigration("CaptureChanges");
        Assert.Contains(".Annotation(\"FraiseQL:EventLog\", \"v1\")", migration, StringComparison.Ordinal);
        Assert.Contains(".Annotation(\"FraiseQL:Capture\", \"v1; schema=public; table=posts;", migration, StringComparison.Ordinal);

        await project.BuildAsync();
        await project.EfAsync("migrations", "has-pending-model-changes");
        await project.EfAsync("database", "update");
        Assert.Equal("2", await AskAsync(database, "update posts set \"Title\" = 'new'; insert into posts values (2, 'two'); select count(*) from fraiseql.change_event"));

        await project.MigrateAsync("Before");
        Assert.Equal("0", await AskAsync(database, "delete from posts; select count(*) from pg_trigger where tgname like 'fraiseql%'"));
        await project.MigrateAsync("CaptureChanges");
        Assert.Equal("3", await AskAsync(database, "insert into posts values (3, 'three'); select count(*) from fraiseql.change_event"));
    }

    private static async Task<string> AskAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())!.ToString()!;
    }
}
