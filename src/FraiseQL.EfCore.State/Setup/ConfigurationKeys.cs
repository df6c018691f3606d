using Microsoft.Extensions.Configuration;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>The keys of the configuration section. A key that is not among them is a typing error which would otherwise do nothing, silently.</summary>
internal static class ConfigurationKeys
{
    // Written out, as reflection over the options would not survive trimming; a test compares the two.
    public static readonly IReadOnlyList<string> All =
    [
        "Cache:Enabled", "Cache:DefaultTtl", "Cache:MaxRows", "Cache:MaxEntryBytes",
        "Cache:L1:MaxSizeMb",
        "Cache:L2:KeyPrefix", "Cache:L2:Timeout", "Cache:L2:BreakDuration",
        "Cdc:Enabled", "Cdc:PollInterval", "Cdc:IdlePollInterval", "Cdc:MaxReconnectDelay", "Cdc:HandlerAttempts",
        "Consistency:MaxSilence",
    ];

    public static void RefuseUnknown(IConfiguration section)
    {
        foreach (var (path, value) in section.AsEnumerable(makePathsRelative: true))
        {
            if (value is null || path.Length == 0 || All.Contains(path, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            var nearest = All.MinBy(known => Distance(known, path))!;
            var prefix = section is IConfigurationSection named ? named.Path + ":" : string.Empty;
            throw new InvalidOperationException(StateStrings.UnknownKey(prefix + path, prefix + nearest));
        }
    }

    // Levenshtein, 1965: enough for telling a typing error.
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                var same = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]);
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (same ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
