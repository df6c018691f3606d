using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.TestKit;

/// <summary>The checked-out files.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Where tests leave pictures of pages for a reader; it is not committed.</summary>
    public static string Screenshots { get; } = Path.Combine(Root, "artifacts", "screenshots");

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static string FindRoot([CallerFilePath] string self = "")
    {
        var folder = Path.GetDirectoryName(self);
        while (folder is not null && !File.Exists(Path.Combine(folder, "FraiseQL.EfCore.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"No FraiseQL.EfCore.sln above {self}: build the tests where they are run.");
    }
}
