using Microsoft.Extensions.Diagnostics.HealthChecks;
using static FraiseQL.EfCore.State.Setup.ConfigurationKey;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>The keys of the configuration section. A key that is not among them is a typing error which would otherwise do nothing, silently.</summary>
internal static class ConfigurationKeys
{
    public const string Health = "Diagnostics:Health:";

    private static readonly string[] s_isolations = ["ReadCommitted", "RepeatableRead", "Serializable"];

    // Written out, as reflection over the options would not survive trimming; a test compares the two.
    public static readonly IReadOnlyList<ConfigurationKey> Table =
    [
        Of("Cache:Enabled", o => o.Cache.Enabled, (o, v) => o.Cache.Enabled = v, live: true),
        Of("Cache:Lists", o => o.Cache.Lists, (o, v) => o.Cache.Lists = v, live: true),
        Of("Cache:DefaultTtl", o => o.Cache.DefaultTtl, (o, v) => o.Cache.DefaultTtl = v, live: true),
        Of("Cache:WhileProven", o => o.Cache.WhileProven, (o, v) => o.Cache.WhileProven = v, live: true),
        Of("Cache:Version", o => o.Cache.Version, (o, v) => o.Cache.Version = v),
        Of("Cache:MaxRows", o => o.Cache.MaxRows, (o, v) => o.Cache.MaxRows = v, live: true),
        Of("Cache:MaxEntryBytes", o => o.Cache.MaxEntryBytes, (o, v) => o.Cache.MaxEntryBytes = v, live: true),
        Of("Cache:WarmupOnStartup", o => o.Cache.WarmupOnStartup, (o, v) => o.Cache.WarmupOnStartup = v),
        Of("Cache:Warmup:Parallelism", o => o.Cache.Warmup.Parallelism, (o, v) => o.Cache.Warmup.Parallelism = v),
        Of("Cache:Warmup:Timeout", o => o.Cache.Warmup.Timeout, (o, v) => o.Cache.Warmup.Timeout = v),
        Of("Cache:Warmup:BlockStartup", o => o.Cache.Warmup.BlockStartup, (o, v) => o.Cache.Warmup.BlockStartup = v),
        Of("Cache:Warmup:Required", o => o.Cache.Warmup.Required, (o, v) => o.Cache.Warmup.Required = v),
        Of("Cache:Invalidation:Strategy", o => o.Cache.Invalidation.Strategy, (o, v) => o.Cache.Invalidation.Strategy = v),
        Of("Cache:Invalidation:BatchSize", o => o.Cache.Invalidation.BatchSize, (o, v) => o.Cache.Invalidation.BatchSize = v),
        Of("Cache:Invalidation:Delay", o => o.Cache.Invalidation.Delay, (o, v) => o.Cache.Invalidation.Delay = v),
        Of("Cache:L1:Backend", o => o.Cache.L1.Backend, (o, v) => o.Cache.L1.Backend = v),
        Of("Cache:L1:MaxSizeMb", o => o.Cache.L1.MaxSizeMb, (o, v) => o.Cache.L1.MaxSizeMb = v),
        Of("Cache:L1:Eviction", o => o.Cache.L1.Eviction, (o, v) => o.Cache.L1.Eviction = v),
        Of("Cache:L2:Backend", o => o.Cache.L2.Backend, (o, v) => o.Cache.L2.Backend = v),
        Of("Cache:L2:Url", o => o.Cache.L2.Url, (o, v) => o.Cache.L2.Url = v),
        Of("Cache:L2:KeyPrefix", o => o.Cache.L2.KeyPrefix, (o, v) => o.Cache.L2.KeyPrefix = v),
        Of("Cache:L2:Timeout", o => o.Cache.L2.Timeout, (o, v) => o.Cache.L2.Timeout = v),
        Of("Cache:L2:WriteTimeout", o => o.Cache.L2.WriteTimeout, (o, v) => o.Cache.L2.WriteTimeout = v),
        Of("Cache:L2:LeaseWait", o => o.Cache.L2.LeaseWait, (o, v) => o.Cache.L2.LeaseWait = v),
        Of("Cache:L2:BreakDuration", o => o.Cache.L2.BreakDuration, (o, v) => o.Cache.L2.BreakDuration = v),
        Of("Cache:L2:MaxPayloadBytes", o => o.Cache.L2.MaxPayloadBytes, (o, v) => o.Cache.L2.MaxPayloadBytes = v),
        Of("Cache:L2:MaxSizeMb", o => o.Cache.L2.MaxSizeMb, (o, v) => o.Cache.L2.MaxSizeMb = v),
        Of("Cdc:Enabled", o => o.Cdc.Enabled, (o, v) => o.Cdc.Enabled = v),
        Of("Cdc:Triggers", o => o.Cdc.Triggers, (o, v) => o.Cdc.Triggers = v),
        Of("Cdc:WriteContext", o => o.Cdc.WriteContext, (o, v) => o.Cdc.WriteContext = v),
        Of("Cdc:Transport", o => o.Cdc.Transport, (o, v) => o.Cdc.Transport = v, names: ["Notify", "Poll"]),
        Of("Cdc:PollInterval", o => o.Cdc.PollInterval, (o, v) => o.Cdc.PollInterval = v),
        Of("Cdc:IdlePollInterval", o => o.Cdc.IdlePollInterval, (o, v) => o.Cdc.IdlePollInterval = v),
        Of("Cdc:ListenTimeout", o => o.Cdc.ListenTimeout, (o, v) => o.Cdc.ListenTimeout = v),
        Of("Cdc:MaxReconnectDelay", o => o.Cdc.MaxReconnectDelay, (o, v) => o.Cdc.MaxReconnectDelay = v),
        Of("Cdc:Retry:Attempts", o => o.Cdc.Retry.Attempts, (o, v) => o.Cdc.Retry.Attempts = v),
        Of("Cdc:Retry:Backoff", o => o.Cdc.Retry.Backoff, (o, v) => o.Cdc.Retry.Backoff = v),
        Of("Cdc:Retry:MinDelay", o => o.Cdc.Retry.MinDelay, (o, v) => o.Cdc.Retry.MinDelay = v),
        Of("Cdc:Retry:MaxDelay", o => o.Cdc.Retry.MaxDelay, (o, v) => o.Cdc.Retry.MaxDelay = v),
        Of("Cdc:Retry:Jitter", o => o.Cdc.Retry.Jitter, (o, v) => o.Cdc.Retry.Jitter = v),
        Of("Cdc:HandlerLease", o => o.Cdc.HandlerLease, (o, v) => o.Cdc.HandlerLease = v),
        Of("Cdc:HandlerGroup", o => o.Cdc.HandlerGroup, (o, v) => o.Cdc.HandlerGroup = v),
        Of("Cdc:Retention", o => o.Cdc.Retention, (o, v) => o.Cdc.Retention = v),
        Of("Cdc:RetentionHold", o => o.Cdc.RetentionHold, (o, v) => o.Cdc.RetentionHold = v),
        Of("Cdc:Replay", o => o.Cdc.Replay, (o, v) => o.Cdc.Replay = v),
        Of("Cdc:MaxReplayedEvents", o => o.Cdc.MaxReplayedEvents, (o, v) => o.Cdc.MaxReplayedEvents = v),
        Of("Consistency:Default", o => o.Consistency.Default, (o, v) => o.Consistency.Default = v, live: true),
        Of("Consistency:MaxStaleness", o => o.Consistency.MaxStaleness, (o, v) => o.Consistency.MaxStaleness = v, live: true),
        Of("Consistency:MaxWait", o => o.Consistency.MaxWait, (o, v) => o.Consistency.MaxWait = v, live: true),
        Of("Consistency:MaxSilence", o => o.Consistency.MaxSilence, (o, v) => o.Consistency.MaxSilence = v),
        Of("Consistency:Isolation", o => o.Consistency.Isolation, (o, v) => o.Consistency.Isolation = v, names: s_isolations),
        Of("Consistency:CheckRate", o => o.Consistency.CheckRate, (o, v) => o.Consistency.CheckRate = v, live: true),
    ];

    /// <summary>What may stand after <c>Cache:Profiles:name:</c>, and what its text is read as.</summary>
    public static readonly IReadOnlyList<(string Key, Type Type)> OfProfile =
    [
        ("Ttl", typeof(TimeSpan)), ("L1Ttl", typeof(TimeSpan)), ("L2Ttl", typeof(TimeSpan)), ("PerUser", typeof(bool)), ("MissBudget", typeof(TimeSpan)),
        ("FailSafe", typeof(TimeSpan)), ("Sliding", typeof(TimeSpan)), ("RefreshAhead", typeof(TimeSpan)), ("WhileProven", typeof(TimeSpan)),
        ("Consistency", typeof(ConsistencyLevel)), ("MaxStaleness", typeof(TimeSpan)), ("Reason", typeof(string)),
    ];

    /// <summary>The thresholds of the health checks, which have options of their own.</summary>
    public static readonly IReadOnlyList<(string Path, Type Type, string[]? Names)> OfHealth =
    [
        (Health + nameof(FraiseQLStateHealthOptions.FailureStatus), typeof(HealthStatus), Enum.GetNames<HealthStatus>()),
        (Health + nameof(FraiseQLStateHealthOptions.Timeout), typeof(TimeSpan), null),
        (Health + nameof(FraiseQLStateHealthOptions.MaxResponseTime), typeof(TimeSpan), null),
        (Health + nameof(FraiseQLStateHealthOptions.MaxSilence), typeof(TimeSpan), null),
        (Health + nameof(FraiseQLStateHealthOptions.MaxBacklog), typeof(int), null),
        (Health + nameof(FraiseQLStateHealthOptions.MaxDeadLetters), typeof(int), null),
    ];

    public static readonly IReadOnlyList<string> All = [.. Table.Select(key => key.Path)];
}
