using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>Two contexts with tables in one database, each with migrations of its own: one log serves both.</summary>
public sealed class SharedLogTests
{
    [Fact]
    [Feature("P-migrations")]
    public async Task The_second_context_joins_the_log_and_leaves_it_to_the_first_when_it_goes()
    {
        var first = await ModelDatabase.CreateAsync(PostgresRelease.AtHand);
        var second = new ModelDatabase(first.ConnectionString);
        await first.MigrateAsync(Table("Post", "posts"));
        await first.RunAsync("insert into posts values (1)");

        await second.MigrateAsync(Table("Bill", "bills"));
        Assert.Equal("1", await first.LinesAsync("select count(*) from fraiseql.change_event"));
        Assert.Equal(
            """
            public.posts Post I {"id": 2} - {"id": 2}
            public.bills Bill I {"id": 1} - {"id": 1}
            """, await first.EventsAsync("insert into posts values (2); insert into bills values (1)"));
        Assert.Empty(await first.ProblemsAsync());
        Assert.Empty(await second.ProblemsAsync());

        await second.MigrateAsync(_ => { });
        Assert.Empty(await first.ProblemsAsync());
        Assert.Equal("2", await first.LinesAsync("select count(*) from fraiseql.change_event"));
        Assert.Equal("""public.posts Post I {"id": 3} - {"id": 3}""", await first.EventsAsync("insert into posts values (3)"));
    }

    [Fact]
    [Feature("P-migrations")]
    public async Task EnsureCreated_makes_the_log_and_the_triggers()
    {
        var database = await ModelDatabase.CreateAsync(PostgresRelease.AtHand);
        await using (var context = new StepContext(database.ConnectionString, Table("Post", "posts")))
        {
            Assert.True(await context.Database.EnsureCreatedAsync());
            Assert.False(await context.Database.EnsureCreatedAsync());
        }

        Assert.Equal("""public.posts Post I {"id": 1} - {"id": 1}""", await database.EventsAsync("insert into posts values (1)"));
    }

    private static Action<ModelBuilder> Table(string entity, string table) => model => model.Entity(entity, b =>
    {
        b.ToTable(table).Property<int>("id").ValueGeneratedNever();
        b.HasKey("id");
    });
}
