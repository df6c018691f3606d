using System.Globalization;
using FraiseQL.EfCore.State.PostgresTests.Dispatch;
using FraiseQL.EfCore.State.PostgresTests.Faults;

namespace FraiseQL.EfCore.State.PostgresTests;

/// <summary>The test assembly as a program: nodes that a test can kill.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["handler-node", var database]:
                await KilledNodeTests.RunNodeAsync(database);
                return 0;
            case ["fault-node", var database, var name]:
                await FaultTests.RunNodeAsync(database, name);
                return 0;
            case ["storm-node", var database, var redis, var log, var slot]:
                await StormNode.RunProcessAsync(database, redis, log, int.Parse(slot, CultureInfo.InvariantCulture));
                return 0;
            case ["soak", var duration]:
                return await Soak.RunAsync(duration);
            default:
                return 2;
        }
    }
}
