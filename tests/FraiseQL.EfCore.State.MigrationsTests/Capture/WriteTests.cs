using Npgsql;

namespace FraiseQL.EfCore.State.MigrationsTests.Capture;

/// <summary>What writes of every kind leave in the log.</summary>
public sealed class WriteTests
{
    [Fact]
    [Feature("S2.1-trigger-insert")]
    [Feature("S2.1-trigger-update")]
    [Feature("S2.1-trigger-delete")]
    [Feature("S2.2-all-changes")]
    public async Task Every_statement_logs_each_of_its_rows_once()
    {
        var database = await CaptureDatabase.CreateAsync();

        await database.RunAsync("insert into posts values (1, 1, 'a', null), (2, 1, 'b', 1.0)");
        Assert.Equal(
            """
            public.posts Post I {"id": 1} - {"id": 1, "author_id": 1}
            public.posts Post I {"id": 2} - {"id": 2, "author_id": 1}
            """, await database.TakeAsync());

        await database.RunAsync("update posts set author_id = 2, title = 'c' where id = 1");
        Assert.Equal("""public.posts Post U {"id": 1} {"id": 1, "author_id": 1} {"id": 1, "author_id": 2} {author_id,title}""", await database.TakeAsync());

        await database.RunAsync("delete from posts where id = 1");
        Assert.Equal("""public.posts Post D {"id": 1} {"id": 1, "author_id": 2} -""", await database.TakeAsync());

        await database.RunAsync("delete from posts where id = 17; update posts set title = 'x' where id = 17; insert into posts select * from posts where false");
        Assert.Equal("", await database.TakeAsync());
    }
}
