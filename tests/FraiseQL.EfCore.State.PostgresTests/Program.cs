using FraiseQL.EfCore.State.PostgresTests.Dispatch;

namespace FraiseQL.EfCore.State.PostgresTests;

/// <summary>The test assembly as a program: nodes that a test can kill.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is not ["handler-node", var database])
        {
            return 2;
        }

        await KilledNodeTests.RunNodeAsync(database);
        return 0;
    }
}
