using Npgsql;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Faults;

/// <summary>
/// While two processes and a foreign program write and read: no answer is older than its level allows, whatever breaks, and none stays old. The times
/// of recovery are in the output. eng/soak.sh does it for as long as one likes, in random order.
/// </summary>
public sealed class FaultStormTests(ITestOutputHelper output)
{
    [Fact]
    [Feature("S3.1-partition")]
    [Feature("S3.3-stale-risk")]
    [Feature("S3.3-reconnect")]
    [Feature("U-01-fence")]
    [Feature("B-02-proof")]
    public async Task No_read_is_older_than_its_bound_while_nodes_servers_and_networks_fail()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var storm = await Storm.StartAsync(server, redis, output.WriteLine);
        await redis.SaveAsync();
        foreach (var fault in Fault.All)
        {
            await fault.BreakAsync(storm);
            await storm.RecoveredAsync(fault.Name);
        }

        await storm.RestAsync();
        Assert.True(storm.CountersOf(0).Hits > 100 && storm.CountersOf(1).Hits > 100, storm.Counts);
        Assert.True(storm.CountersOf(0).SharedHits + storm.CountersOf(1).SharedHits > 0, storm.Counts);
        NpgsqlConnection.ClearAllPools();
    }
}
