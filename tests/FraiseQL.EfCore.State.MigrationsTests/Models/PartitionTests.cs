using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>A table that a migration makes partitioned by SQL of its own, as EF has no word for it.</summary>
public abstract class PartitionTests(PostgresRelease release)
{
    [Fact]
    [Feature("U-15-partitioned")]
    public async Task Writes_that_name_a_partition_are_captured_and_the_check_finds_partitions_that_came_later()
    {
        var database = await MeasuresAsync();
        Assert.Empty(await database.ProblemsAsync());
        Assert.Equal(
            """
            public.measures Measure I {"id": 1, "day": 10} - {"id": 1, "day": 10}
            public.measures Measure I {"id": 2, "day": 10} - {"id": 2, "day": 10}
            public.measures Measure U {"id": 2, "day": 10} {"id": 2, "day": 10} {"id": 2, "day": 10} {value}
            public.measures Measure D {"id": 2, "day": 10} {"id": 2, "day": 10} -
            """,
            await database.EventsAsync("insert into measures values (1, 10); insert into measures_1 values (2, 10); update measures_1 set value = 1 where id = 2; delete from measures_1 where id = 2"));

        await database.RunAsync("create table measures_2 partition of measures for values from (100) to (200) partition by range (day)");
        await database.RunAsync("create table measures_2a partition of measures_2 for values from (100) to (150)");
        var problem = Assert.Single(await database.ProblemsAsync());
        Assert.StartsWith("public.measures have partitions without enabled triggers", problem, StringComparison.Ordinal);
        Assert.Contains("SELECT fraiseql.cover_partitions()", problem, StringComparison.Ordinal);
        Assert.Equal("", await database.EventsAsync("insert into measures_2a values (3, 100)"));

        Assert.Equal("8", await database.LinesAsync("select fraiseql.cover_partitions()"));
        Assert.Equal("0", await database.LinesAsync("select fraiseql.cover_partitions()"));
        Assert.Empty(await database.ProblemsAsync());
        Assert.Equal(
            """
            public.measures Measure I {"id": 4, "day": 100} - {"id": 4, "day": 100}
            public.measures Measure I {"id": 5, "day": 100} - {"id": 5, "day": 100}
            public.measures Measure I {"id": 6, "day": 100} - {"id": 6, "day": 100}
            """,
            await database.EventsAsync("insert into measures values (4, 100); insert into measures_2 values (5, 100); insert into measures_2a values (6, 100)"));

        await database.RunAsync("alter table measures_2a disable trigger fraiseql_update");
        Assert.Contains("ENABLE TRIGGER USER", Assert.Single(await database.ProblemsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-15-partitioned")]
    public async Task A_changed_model_gives_the_partitions_the_new_triggers_and_a_role_covers_only_tables_that_it_owns()
    {
        var database = await MeasuresAsync();
        await database.MigrateAsync(Measures(b => b.HasChangeEvents(e => e.DependsOn("value"))));
        Assert.Empty(await database.ProblemsAsync());
        Assert.Equal(
            """public.measures Measure I {"id": 2, "day": 10} - {"id": 2, "day": 10, "value": 7}""",
            await database.EventsAsync("insert into measures_1 values (2, 10, 7)"));

        var role = "other_" + Guid.NewGuid().ToString("n");
        await database.RunAsync("create table measures_2 partition of measures for values from (100) to (200)");
        try
        {
            Assert.Equal("0", await database.LinesAsync(
                $"create role {role}; grant usage on schema fraiseql to {role}; grant execute on function fraiseql.cover_partitions() to {role}; set role {role}; select fraiseql.cover_partitions()"));
        }
        finally
        {
            await database.RunAsync($"drop owned by {role}; drop role {role}");
        }
    }

    private async Task<ModelDatabase> MeasuresAsync()
    {
        var database = await ModelDatabase.CreateAsync(release);
        var operations = ModelDatabase.Differences(_ => { }, Measures());
        var created = Assert.Single(operations.OfType<CreateTableOperation>());

        // What migrations-templates/README.md says to write in place of CreateTable.
        var captured = new AlterTableOperation { Name = created.Name };
        captured.AddAnnotations(created.GetAnnotations());
        await database.MigrateAsync(
            [
                .. operations.Where(o => o != created),
                new SqlOperation { Sql = "create table measures (id int, day int, value int, primary key (id, day)) partition by range (day); create table measures_1 partition of measures for values from (0) to (100)" },
                captured,
            ],
            Measures());
        return database;
    }

    private static Action<ModelBuilder> Measures(Action<EntityTypeBuilder>? more = null) => model => model.Entity("Measure", b =>
    {
        b.ToTable("measures").Property<int>("id").ValueGeneratedNever();
        b.Property<int>("day").ValueGeneratedNever();
        b.Property<int?>("value");
        b.HasKey("id", "day");
        more?.Invoke(b);
    });
}

public sealed class PartitionTestsAtHand() : PartitionTests(PostgresRelease.AtHand);

public sealed class PartitionTestsOn18() : PartitionTests(PostgresRelease.Eighteen);
