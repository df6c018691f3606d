using FraiseQL.EfCore.State.PostgresTests.Dispatch;

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
            default:
                return 2;
        }
    }
}
