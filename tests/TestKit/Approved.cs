using System.Runtime.CompilerServices;
using Xunit;

namespace FraiseQL.EfCore.TestKit;

/// <summary>Compares a text with a committed file beside the test.</summary>
public static class Approved
{
    /// <summary>
    /// Asserts that <paramref name="text"/> equals <c>name.approved.txt</c> beside the test. With FRAISEQL_REWRITE_BASELINES=1 the file is
    /// written instead: look at the diff before it is committed.
    /// </summary>
    public static void Match(string text, string name, [CallerFilePath] string caller = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(caller)!, name + ".approved.txt");
        var actual = text.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("FRAISEQL_REWRITE_BASELINES") == "1")
        {
            File.WriteAllText(file, actual);
            return;
        }

        Assert.True(File.Exists(file), $"{file} does not exist; set FRAISEQL_REWRITE_BASELINES=1 to write it. The text is:\n{actual}");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), actual);
    }
}
