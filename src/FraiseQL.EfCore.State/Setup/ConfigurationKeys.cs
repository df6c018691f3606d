using FraiseQL.EfCore.State.Shared;
using Microsoft.Extensions.Configuration;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>The keys of the configuration section. A key that is not among them is a typing error which would otherwise do nothing, silently.</summary>
internal static class ConfigurationKeys
{
    // Written out, as reflection over the options would not survive trimming; a test compares the two.
    public static readonly IReadOnlyList<string> All =
    [
        "Cache:Enabled", "Cache:Lists", "Cache:DefaultTtl", "Cache:WhileProven", "Cache:Version", "Cache:MaxRows", "Cache:MaxEntryBytes",
        "Cache:L1:MaxSizeMb",
        "Cache:L2:KeyPrefix", "Cache:L2:Timeout", "Cache:L2:WriteTimeout", "Cache:L2:LeaseWait", "Cache:L2:BreakDuration", "Cache:L2:MaxPayloadBytes", "Cache:L2:MaxSizeMb",
        "Cdc:Enabled", "Cdc:Triggers", "Cdc:WriteContext", "Cdc:Transport", "Cdc:PollInterval", "Cdc:IdlePollInterval", "Cdc:ListenTimeout", "Cdc:MaxReconnectDelay",
        "Cdc:Retry:Attempts", "Cdc:Retry:Backoff", "Cdc:Retry:MinDelay", "Cdc:Retry:MaxDelay", "Cdc:Retry:Jitter", "Cdc:HandlerLease", "Cdc:HandlerGroup",
        "Cdc:Retention", "Cdc:RetentionHold", "Cdc:Replay", "Cdc:MaxReplayedEvents",
        "Consistency:Default", "Consistency:MaxStaleness", "Consistency:MaxWait", "Consistency:MaxSilence", "Consistency:Isolation", "Consistency:CheckRate",
    ];

    /// <summary>What may stand after <c>Cache:Profiles:name:</c>.</summary>
    public static readonly IReadOnlyList<string> OfProfile =
        ["Ttl", "L1Ttl", "L2Ttl", "PerUser", "MissBudget", "FailSafe", "Sliding", "RefreshAhead", "WhileProven", "Consistency", "MaxStaleness", "Reason"];

    public static void RefuseUnknown(IConfiguration section)
    {
        foreach (var (path, value) in section.AsEnumerable(makePathsRelative: true))
        {
            if (value is null || path.Length == 0 || All.Contains(path, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            // Cache:Profiles:<any name>:<key>
            var profile = path.Split(':') is [var cache, var profiles, var name, _]
                && cache.Equals("Cache", StringComparison.OrdinalIgnoreCase) && profiles.Equals("Profiles", StringComparison.OrdinalIgnoreCase)
                ? $"Cache:Profiles:{name}:"
                : null;
            var allowed = profile is null ? All : [.. OfProfile.Select(key => profile + key)];
            if (allowed.Contains(path, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            var nearest = allowed.MinBy(known => EditDistance.Between(known, path))!;
            var prefix = section is IConfigurationSection named ? named.Path + ":" : string.Empty;
            throw new InvalidOperationException(StateStrings.UnknownKey(prefix + path, prefix + nearest));
        }
    }
}
