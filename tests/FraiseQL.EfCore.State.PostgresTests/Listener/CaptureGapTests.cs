using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

/// <summary>Writes that no trigger sees, between two looks at the triggers.</summary>
public sealed class CaptureGapTests : BlogDatabaseWithRedisTests
{
    [Fact]
    [Feature("S7.2-triggers")]
    public async Task Rows_that_one_transaction_loads_past_disabled_triggers_are_read_by_all_nodes_although_the_triggers_are_enabled_again()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await Eventually.Until(async () => await NameAsync(a, 1) is (_, CacheOutcome.L1Hit) && await NameAsync(b, 1) is (_, CacheOutcome.L1Hit));
        await Eventually.Until(async () => await NameAsync(a, 2) is (_, CacheOutcome.L1Hit));

        await Seed.ExecuteAsync(
            ConnectionString,
            """
            begin;
            alter table "Authors" disable trigger user;
            update "Authors" set "Name" = 'loaded';
            alter table "Authors" enable trigger user;
            commit
            """);

        await Eventually.Until(async () => await NameAsync(a, 1) is ("loaded", _));
        await Eventually.Until(async () => await NameAsync(b, 1) is ("loaded", _));
        Assert.Equal("loaded", (await NameAsync(a, 2)).Name);
        await Eventually.Until(async () => await NameAsync(a, 1) is ("loaded", CacheOutcome.L1Hit));

        // What of it the shared level still has, a node that was not there does not take.
        await using var late = await StartAsync();
        Assert.Equal("loaded", (await NameAsync(late, 2)).Name);
    }

    [Fact]
    public async Task A_look_tells_triggers_that_were_away_from_such_that_stayed()
    {
        await using var db = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(ConnectionString).UseFraiseQLState().Options);
        var model = CaptureModel.For(db.Model);
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        var watch = new CaptureWatch(
            nameof(BlogContext), (open, token) => CaptureCheck.CheckAsync(open, model, rowSecurityIsScoped: false, token), new ListenerStatus(), NullLogger.Instance);
        async Task<IEnumerable<string>> Look()
        {
            await watch.CheckAsync(connection, CancellationToken.None);
            return watch.TakeReturned().Order();
        }

        // Nothing can have been cached before the first.
        Assert.Empty(await Look());
        Assert.NotEmpty(watch.Verified);
        Assert.Empty(await Look());
        await Seed.ExecuteAsync(ConnectionString, "vacuum freeze pg_trigger");
        await Seed.ExecuteAsync(ConnectionString, "alter table \"Posts\" add column more int");
        Assert.Empty(await Look());

        await Seed.ExecuteAsync(ConnectionString, "alter table \"Posts\" disable trigger user; alter table \"Posts\" enable trigger user");
        Assert.Equal(["public.Posts"], await Look());
        Assert.Empty(await Look());

        await Seed.ExecuteAsync(ConnectionString, "alter table \"Posts\" disable trigger user");
        Assert.Empty(await Look());
        Assert.DoesNotContain("public.Posts", watch.Verified);
        await Seed.ExecuteAsync(ConnectionString, "alter table \"Posts\" enable trigger user");
        Assert.Equal(["public.Posts"], await Look());
    }

    private Task<Node> StartAsync() => Node.StartAsync(ConnectionString, Redis.ConnectionString);

    private static Task<(string Name, CacheOutcome Outcome)> NameAsync(Node node, int id)
        => node.ReadAsync(db => db.Authors.Where(a => a.Id == id).Select(a => a.Name).Cacheable(TimeSpan.FromHours(1)).SingleAsync());
}
