using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.PostgresTests.Cluster;

/// <summary>The checker finds what should not have been served, says why it was, and raises no alarm otherwise.</summary>
[Feature("B-08-checker")]
public sealed class CheckerTests : BlogDatabaseTests
{
    [Theory]
    [InlineData("SET session_replication_role = replica; UPDATE \"Posts\" SET \"Title\" = 'behind its back' WHERE \"AuthorId\" = 1")]
    [InlineData("BEGIN; ALTER TABLE \"Posts\" DISABLE TRIGGER USER; UPDATE \"Posts\" SET \"Title\" = 'behind its back' WHERE \"AuthorId\" = 1; ALTER TABLE \"Posts\" ENABLE TRIGGER USER; COMMIT")]
    public async Task A_change_that_nothing_captured_is_found_with_the_whole_trace_and_no_value_in_the_log(string sql)
    {
        await using var node = await StartAsync();
        var checks = node.Services.GetRequiredService<IConsistencyChecks>();
        var found = new TaskCompletionSource<ConsistencyViolation>();
        using var _ = checks.OnViolation(v => found.TrySetResult(v));
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Posts\" SET \"Title\" = 'captured' WHERE \"AuthorId\" = 1");
        await Eventually.Until(async () => (await TitlesAsync(node, 1)).Value.All(t => t == "captured"));
        await Eventually.Until(async () =>
        {
            await TitlesAsync(node, 1);
            return checks.Consistent > 0;
        });
        Assert.Equal(1, checks.Ratio);

        await Seed.ExecuteAsync(ConnectionString, sql);
        await Eventually.Until(async () =>
        {
            await TitlesAsync(node, 1);
            return found.Task.IsCompleted;
        });
        var violation = await found.Task;
        Assert.Equal("GetTitles", violation.Query);
        Assert.Equal("row 1 of 4 differs in column Title", violation.Difference);
        Assert.Contains(violation.Dependencies, d => d.StartsWith("public.Posts where AuthorId = @", StringComparison.Ordinal));
        Assert.Contains(violation.LastChanges, c => c.StartsWith("public.Posts, Updated", StringComparison.Ordinal));
        Assert.NotEqual("", violation.EntrySnapshot);
        Assert.NotEqual("", violation.ValidatedPosition);
        Assert.True(checks.Ratio < 1);
        Assert.Contains(violation, checks.Violations);
        await Eventually.Until(() => node.Logs.GetSnapshot().Any(l => l.Id.Id == FraiseQLStateEventId.CacheInconsistent));
        var line = node.Logs.GetSnapshot().First(l => l.Id.Id == FraiseQLStateEventId.CacheInconsistent);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Contains(violation.Plan, line.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("captured'", line.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("behind", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-01-fence")]
    public async Task Under_changes_of_every_kind_no_alarm_is_raised()
    {
        await using var node = await StartAsync();
        var checks = node.Services.GetRequiredService<IConsistencyChecks>();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var readers = Enumerable.Range(0, 4).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            while (!stop.IsCancellationRequested)
            {
                switch (random.Next(4))
                {
                    case 0:
                        await TitlesAsync(node, random.Next(1, 5));
                        break;
                    case 1:
                        await node.ReadAsync(db => db.Posts.Cacheable().SumAsync(p => p.Views));
                        break;
                    case 2:
                        await node.ReadAsync(db => db.Authors.Include(a => a.Posts).AsNoTracking().Cacheable().ToListAsync());
                        break;
                    default:
                        await node.ReadAsync(db => db.Posts.OrderByDescending(p => p.Views).ThenBy(p => p.Id).Take(3).Cacheable().ToListAsync());
                        break;
                }

                await Task.Delay(2);
            }
        })).ToArray();
        var writes = 0;
        while (!stop.IsCancellationRequested)
        {
            await Seed.ExecuteAsync(ConnectionString, $"UPDATE \"Posts\" SET \"Views\" = \"Views\" + 1, \"Title\" = 'title {writes}' WHERE \"AuthorId\" = {1 + (writes % 3)}");
            await node.WriteAsync(db => db.Posts.Where(p => p.AuthorId == 1 + (writes % 3)).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, p => p.Views + 1)));
            writes++;
            await Task.Delay(20);
        }

        await Task.WhenAll(readers);

        // At rest, what is read is what is there.
        await Eventually.Until(async () =>
        {
            await TitlesAsync(node, 2);
            return checks.Consistent > 20;
        });
        Assert.Empty(checks.Violations);
        Assert.Equal(0, checks.Inconsistent);
        Assert.Equal(1, checks.Ratio);
    }

    [Fact]
    public async Task Off_it_takes_nothing_and_when_the_database_is_locked_away_hits_are_dropped_and_counted_and_served_all_the_same()
    {
        await using (var off = await Node.StartAsync(ConnectionString))
        {
            await TitlesAsync(off, 1);
            await TitlesAsync(off, 1);
            var none = off.Services.GetRequiredService<IConsistencyChecks>();
            Assert.Equal((0, 0, 0, 0, 0, 1.0), (none.Consistent, none.Changed, none.Inconsistent, none.Skipped, none.Dropped, none.Ratio));
        }

        await using var node = await StartAsync();
        var checks = node.Services.GetRequiredService<IConsistencyChecks>();
        await TitlesAsync(node, 1);
        await using var locking = new Npgsql.NpgsqlConnection(ConnectionString);
        await locking.OpenAsync();
        await using (var command = new Npgsql.NpgsqlCommand("BEGIN; LOCK TABLE \"Posts\" IN ACCESS EXCLUSIVE MODE", locking))
        {
            await command.ExecuteNonQueryAsync();
        }

        await Eventually.Until(async () =>
        {
            Assert.Equal(CacheOutcome.L1Hit, (await TitlesAsync(node, 1)).Outcome);
            return checks.Dropped > 10;
        });
        await using (var command = new Npgsql.NpgsqlCommand("ROLLBACK", locking))
        {
            await command.ExecuteNonQueryAsync();
        }

        var before = checks.Consistent;
        await Eventually.Until(() => checks.Consistent > before);
        Assert.Equal(0, checks.Inconsistent);
    }

    private Task<Node> StartAsync() => Node.StartAsync(ConnectionString, configure: o => o.Consistency.CheckRate = 1);

    private static Task<(List<string> Value, CacheOutcome Outcome)> TitlesAsync(Node node, int author)
        => node.ReadAsync(db => db.Posts.Where(p => p.AuthorId == author).OrderBy(p => p.Id).Select(p => p.Title)
            .Cacheable(o => o.Ttl(TimeSpan.FromMinutes(5)).Named("GetTitles")).ToListAsync());
}
