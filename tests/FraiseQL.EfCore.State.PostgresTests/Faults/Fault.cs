namespace FraiseQL.EfCore.State.PostgresTests.Faults;

/// <summary>Something that breaks, for a while, in a storm. When it returns, it is mended.</summary>
internal sealed record Fault(string Name, Func<Storm, Task> BreakAsync)
{
    private static readonly TimeSpan s_beyondTheBound = StormNode.MaxSilence * 2.5;

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("the listeners' sessions ended once", storm => storm.SilenceAsync(TimeSpan.Zero)),
        new("the listeners' sessions ended again and again", storm => storm.SilenceAsync(s_beyondTheBound)),
        new("Redis flushed", storm => storm.Redis.FlushAsync()),
        new("Redis slow", storm => ForAWhileAsync(() => storm.CacheOf(0).Delay(TimeSpan.FromMilliseconds(70)), storm.CacheOf(0).Restore)),
        new("Redis stopped, and back with an old copy", async storm =>
        {
            await storm.Redis.StopAsync(crash: true);
            await Task.Delay(s_beyondTheBound);
            await storm.Redis.StartAsync();
        }),
        new("Redis cut off from a node", storm => ForAWhileAsync(storm.CacheOf(1).Cut, storm.CacheOf(1).Restore)),
        new("the database cut off from a node", storm => ForAWhileAsync(storm.DatabaseOf(0).Cut, storm.DatabaseOf(0).Restore)),
        new("the database silent to a node", storm => ForAWhileAsync(storm.DatabaseOf(1).Pause, storm.DatabaseOf(1).Restore)),
        new("a node stopped for less than the bound", storm => StopAsync(storm, 0, StormNode.MaxSilence * 0.6)),
        new("a node stopped for longer than the bound", storm => StopAsync(storm, 1, s_beyondTheBound)),
        new("a node killed and started again", async storm =>
        {
            await storm.KillAsync(0);
            storm.StartNode(0);
        }),
        new("the server crashed and started again", async storm =>
        {
            await storm.Server.StopAsync(crash: true);
            await storm.Server.StartAsync();
        }),
        new("both networks cut", storm => ForAWhileAsync(
            () =>
            {
                storm.DatabaseOf(0).Cut();
                storm.CacheOf(0).Cut();
            },
            () =>
            {
                storm.DatabaseOf(0).Restore();
                storm.CacheOf(0).Restore();
            })),
    ];

    private static async Task ForAWhileAsync(Action breaks, Action mends)
    {
        breaks();
        await Task.Delay(s_beyondTheBound);
        mends();
    }

    private static async Task StopAsync(Storm storm, int node, TimeSpan duration)
    {
        await storm.SignalAsync(node, "STOP");
        await Task.Delay(duration);
        await storm.SignalAsync(node, "CONT");
    }
}
