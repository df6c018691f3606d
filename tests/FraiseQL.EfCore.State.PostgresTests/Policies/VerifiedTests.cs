using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Policies;

/// <summary>Hits that are verified against the event log, on a node that by itself looks at the log once a minute.</summary>
[Feature("U-36-verified-read")]
public sealed class VerifiedTests : BlogDatabaseTests
{
    private const int Writes = 40;

    [Fact]
    public async Task A_verified_read_that_begins_after_any_programs_commit_never_shows_older_rows()
    {
        await using var node = await StartAsync();
        await using var psql = await OpenAsync();
        await Title(node, verified: true);
        for (var i = 0; i < Writes; i++)
        {
            await ExecuteAsync(psql, $"UPDATE \"Posts\" SET \"Title\" = 'v{i}' WHERE \"Id\" = 1");
            Assert.Equal($"v{i}", (await Title(node, verified: true)).Value);
            Assert.Equal($"v{i}", TitleNow(node));
        }

        // Also when an entry is there that a read without verification is served.
        await Title(node, verified: false);
        await ExecuteAsync(psql, "UPDATE \"Posts\" SET \"Title\" = 'later' WHERE \"Id\" = 1");
        Assert.Equal("later", (await Title(node, verified: true)).Value);
    }

    [Fact]
    public async Task A_write_that_does_not_concern_it_leaves_a_hit_that_asks_the_database_for_no_row()
    {
        await using var node = await StartAsync();
        await using var psql = await OpenAsync();
        await Title(node, verified: true);
        var commands = node.Commands.Readers;
        var hits = 0;
        for (var i = 0; i < Writes; i++)
        {
            await ExecuteAsync(psql, $"UPDATE \"Posts\" SET \"Title\" = 'other{i}' WHERE \"Id\" = 2");
            var (_, outcome) = await Title(node, verified: true);

            // On a machine that is busy a look may take too long; the database is asked then.
            Assert.True(outcome is CacheOutcome.L1Hit or CacheOutcome.Bypass, $"{outcome}");
            hits += outcome == CacheOutcome.L1Hit ? 1 : 0;
        }

        Assert.True(hits > 0);
        Assert.Equal(commands + Writes - hits, node.Commands.Readers);
    }

    [Fact]
    public async Task Many_at_once_are_verified_together_and_a_split_query_is_verified_too()
    {
        await using var node = await StartAsync();
        await using var psql = await OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await ExecuteAsync(psql, $"UPDATE \"Posts\" SET \"Title\" = 'many{i}' WHERE \"Id\" = 1");
            var titles = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Title(node, verified: true)));
            Assert.All(titles, t => Assert.Equal($"many{i}", t.Value));
            var (authors, _) = await node.ReadAsync(db => db.Authors.Where(a => a.Posts.Any(p => p.Id == 1)).Include(a => a.Posts).AsSplitQuery().AsNoTracking()
                .Cacheable(o => o.Strict()).ToListAsync());
            Assert.Contains(authors.Single().Posts, p => p.Title == $"many{i}");
        }
    }

    [Fact]
    public async Task What_cannot_be_verified_comes_from_the_database()
    {
        await using var alone = await Node.StartAsync(ConnectionString, configure: o => o.Cdc.Enabled = false, wait: false);
        await using var psql = await OpenAsync();
        for (var i = 0; i < 3; i++)
        {
            await ExecuteAsync(psql, $"UPDATE \"Posts\" SET \"Title\" = 'alone{i}' WHERE \"Id\" = 1");
            Assert.Equal(($"alone{i}", CacheOutcome.Bypass), await Title(alone, verified: true));
        }
    }

    private async Task<Node> StartAsync() => await Node.StartAsync(ConnectionString, configure: o =>
    {
        o.Cdc.Transport = CdcTransport.Poll;
        o.Cdc.PollInterval = TimeSpan.FromMinutes(1);
        o.Cdc.IdlePollInterval = TimeSpan.FromMinutes(5);
        o.Consistency.MaxSilence = TimeSpan.FromMinutes(10);
    });

    private static Task<(string Value, CacheOutcome Outcome)> Title(Node node, bool verified)
        => node.ReadAsync(db => db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable(o => _ = verified ? o.Strict() : o.ReadYourWrites()).SingleAsync());

    private static string TitleNow(Node node)
    {
        using var db = node.CreateContext();
        return db.Posts.Where(p => p.Id == 1).Select(p => p.Title).Cacheable(o => o.Strict()).Single();
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
