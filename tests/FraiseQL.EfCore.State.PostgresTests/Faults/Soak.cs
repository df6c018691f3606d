using System.Globalization;
using FraiseQL.EfCore.State.PostgresTests.Differential;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Faults;

/// <summary>The random scripts, with things that break between their steps, and the storm of processes, without end, until a time or the first violation.</summary>
internal static class Soak
{
    private const int FaultsInStorm = 40;

    private static readonly TimeSpan s_report = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string duration)
    {
        if (Parse(duration) is not { } time)
        {
            await Console.Error.WriteLineAsync($"«{duration}» is not a time such as 90s, 30m or 8h.");
            return 2;
        }

        using var end = new CancellationTokenSource(time);
        var scripts = Task.Run(() => ScriptsAsync(end.Token));
        var storms = Task.Run(() => StormsAsync(end.Token));
        var first = await Task.WhenAny(scripts, storms);
        if (first.IsFaulted)
        {
            Console.WriteLine(first.Exception!.InnerException);
            Console.WriteLine("soak: VIOLATED");
            return 1;
        }

        await Task.WhenAll(scripts, storms);
        Console.WriteLine("soak: no violation");
        return 0;
    }

    private static async Task ScriptsAsync(CancellationToken end)
    {
        var seed = (ulong)Random.Shared.NextInt64();
        Console.WriteLine($"scripts: seed {seed}");
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var server = await PostgresServer.StartPrivateAsync();
        await using var world = await ScriptWorld.StartAsync(redis, server);
        var reportedAt = TimeProvider.System.GetTimestamp();
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            await new ScriptRun(world, Script.Of(seed, i, withFaults: true)).RunAsync();
            if (TimeProvider.System.GetElapsedTime(reportedAt) > s_report)
            {
                reportedAt = TimeProvider.System.GetTimestamp();
                Console.WriteLine($"scripts: {world.Counts}");
            }
        }

        Console.WriteLine($"scripts: {world.Counts}");
    }

    private static async Task StormsAsync(CancellationToken end)
    {
        await using var redis = await RedisServer.StartPrivateAsync();
        await using var server = await PostgresServer.StartPrivateAsync();
        for (var number = 1; !end.IsCancellationRequested; number++)
        {
            await using var storm = await Storm.StartAsync(server, redis, text => Console.WriteLine($"storm {number}: {text}"));
            for (var i = 0; i < FaultsInStorm && !end.IsCancellationRequested; i++)
            {
                if (Random.Shared.Next(4) == 0)
                {
                    await redis.SaveAsync();
                }

                var fault = Fault.All[Random.Shared.Next(Fault.All.Count)];
                await fault.BreakAsync(storm);
                await storm.RecoveredAsync(fault.Name);
            }

            await storm.RestAsync();
            NpgsqlConnection.ClearAllPools();
        }
    }

    private static TimeSpan? Parse(string text)
        => text.Length > 1 && double.TryParse(text[..^1], CultureInfo.InvariantCulture, out var number) && number > 0
            ? text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                _ => null,
            }
            : null;
}
