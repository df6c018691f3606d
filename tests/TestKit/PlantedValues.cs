using System.Text.RegularExpressions;

namespace FraiseQL.EfCore.TestKit;

/// <summary>What the data of the tests consists of, and how connection strings begin: no log, metric, activity or health report has any of it.</summary>
public static partial class PlantedValues
{
    public static bool AreIn(string text) => Values().IsMatch(text);

    // Rows of the seeds and of the random changes, marks of the test that plants values everywhere, and passwords.
    [GeneratedRegex(@"Author [0-9]|Post [0-9]|post-[0-9]|About [0-9]\.[0-9]|comment [0-9]|Text of \*\*|pl4nted|Password=|Username=", RegexOptions.IgnoreCase)]
    private static partial Regex Values();
}
