using System.Data;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>Refuses values that cannot work, naming the key, the value and what is allowed.</summary>
internal sealed class FraiseQLStateOptionsValidator(StatePlan plan) : IValidateOptions<FraiseQLStateOptions>
{
    public ValidateOptionsResult Validate(string? optionsName, FraiseQLStateOptions options)
    {
        if (optionsName != plan.Name)
        {
            return ValidateOptionsResult.Skip;
        }

        var failures = new List<string>();
        Range("Cache:DefaultTtl", options.Cache.DefaultTtl, TimeSpan.FromTicks(1), Query.CacheTtl.Longest, "there is no endless caching");
        if (options.Cache.WhileProven is { } proven)
        {
            Range("Cache:WhileProven", proven, TimeSpan.FromTicks(1), Query.CacheTtl.Longest, "there is no endless caching");
        }

        foreach (var (profile, values) in options.Cache.Profiles)
        {
            foreach (var (key, value) in (ReadOnlySpan<(string, TimeSpan?)>)[
                (nameof(values.Ttl), values.Ttl), (nameof(values.L1Ttl), values.L1Ttl), (nameof(values.L2Ttl), values.L2Ttl),
                (nameof(values.MissBudget), values.MissBudget), (nameof(values.FailSafe), values.FailSafe),
                (nameof(values.Sliding), values.Sliding), (nameof(values.RefreshAhead), values.RefreshAhead), (nameof(values.WhileProven), values.WhileProven)])
            {
                if (value is { } time)
                {
                    Range($"Cache:Profiles:{profile}:{key}", time, TimeSpan.FromTicks(1), Query.CacheTtl.Longest, "there is no endless caching");
                }
            }

            if (values.MaxStaleness is { } stale)
            {
                Range($"Cache:Profiles:{profile}:MaxStaleness", stale, 2 * options.Cdc.IdlePollInterval, Query.CacheTtl.Longest, "it is at least twice Cdc:IdlePollInterval, which is the heartbeat");
                if (values.Consistency is { } level and not ConsistencyLevel.BoundedStaleness)
                {
                    failures.Add(StateStrings.StalenessWithoutLevel(plan.PathOf($"Cache:Profiles:{profile}"), level));
                }
            }
            else if (values.Consistency == ConsistencyLevel.BoundedStaleness && options.Consistency.MaxStaleness is null)
            {
                failures.Add(StateStrings.NoStalenessBound(plan.PathOf($"Cache:Profiles:{profile}:Consistency")));
            }

            if (values.RefreshAhead is { } ahead && ahead >= (values.L1Ttl ?? values.Ttl ?? options.Cache.DefaultTtl))
            {
                failures.Add($"{plan.PathOf($"Cache:Profiles:{profile}:RefreshAhead")}: {StateStrings.RefreshAheadTooLong(ahead, values.L1Ttl ?? values.Ttl ?? options.Cache.DefaultTtl)}");
            }
        }

        Number("Cache:Warmup:Parallelism", options.Cache.Warmup.Parallelism, 1, 64);
        Range("Cache:Warmup:Timeout", options.Cache.Warmup.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), "warming is ended after it");
        Number("Cache:Invalidation:BatchSize", options.Cache.Invalidation.BatchSize, 1, 1_000_000);
        failures.AddRange(LevelChecks.Failures(plan, options));
        Number("Cache:MaxRows", options.Cache.MaxRows, 1, int.MaxValue);
        Number("Cache:MaxEntryBytes", options.Cache.MaxEntryBytes, 1024, int.MaxValue);
        Number("Cache:L1:MaxSizeMb", options.Cache.L1.MaxSizeMb, 1, 1_048_576);
        Range("Cache:L2:Timeout", options.Cache.L2.Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), "a request waits this long for the shared server");
        Range("Cache:L2:WriteTimeout", options.Cache.L2.WriteTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), "a write in the background is given up after it");
        Range("Cache:L2:LeaseWait", options.Cache.L2.LeaseWait, TimeSpan.Zero, TimeSpan.FromSeconds(30), "a query waits this long for another node that reads the same");
        Number("Cache:L2:MaxPayloadBytes", options.Cache.L2.MaxPayloadBytes, 1024, 64 * 1024 * 1024);
        if (options.Cache.L2.MaxSizeMb is { } shared)
        {
            Number("Cache:L2:MaxSizeMb", shared, 1, int.MaxValue);
        }

        Range("Cache:L2:BreakDuration", options.Cache.L2.BreakDuration, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(5), "the shared server is left alone this long");
        Range("Cdc:PollInterval", options.Cdc.PollInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), "it bounds how late a change is seen when notifications are lost");
        Range("Cdc:IdlePollInterval", options.Cdc.IdlePollInterval, options.Cdc.PollInterval, TimeSpan.FromMinutes(5), "it is at least Cdc:PollInterval");
        Range("Cdc:ListenTimeout", options.Cdc.ListenTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), "a connection that does not answer is given up after it");
        Range("Cdc:MaxReconnectDelay", options.Cdc.MaxReconnectDelay, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5), "the listener waits at most this long between attempts");
        Number("Cdc:Retry:Attempts", options.Cdc.Retry.Attempts, 1, 1000);
        Range("Cdc:Retry:MinDelay", options.Cdc.Retry.MinDelay, TimeSpan.FromMilliseconds(1), options.Cdc.Retry.MaxDelay, "it is at most Cdc:Retry:MaxDelay");
        Range("Cdc:Retry:MaxDelay", options.Cdc.Retry.MaxDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), "the events of the entity wait that long");
        if (!Enum.IsDefined(options.Cdc.Retry.Backoff))
        {
            failures.Add(StateStrings.OptionUnknown(plan.PathOf("Cdc:Retry:Backoff"), "Exponential, Linear or Fixed"));
        }

        if (options.Cdc.Transport is not (CdcTransport.Notify or CdcTransport.Poll))
        {
            failures.Add(StateStrings.TransportNotSupported($"{options.Cdc.Transport}"));
        }

        Range("Cdc:HandlerLease", options.Cdc.HandlerLease, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), "another node takes the handlers over after it");
        if (options.Cdc.Retention != TimeSpan.Zero)
        {
            Range("Cdc:Retention", options.Cdc.Retention, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650), "older events are removed from the log; zero removes nothing");
            Range("Cdc:RetentionHold", options.Cdc.RetentionHold, options.Cdc.Retention, TimeSpan.FromDays(3650), "it is at least Cdc:Retention");
        }

        Range("Cdc:Replay", options.Cdc.Replay, TimeSpan.Zero, TimeSpan.FromDays(7), "a start reads that much of the log; zero reads nothing");
        Number("Cdc:MaxReplayedEvents", options.Cdc.MaxReplayedEvents, 0, 10_000_000);
        Range("Consistency:MaxSilence", options.Consistency.MaxSilence, 2 * options.Cdc.IdlePollInterval, TimeSpan.FromDays(1), "it is at least twice Cdc:IdlePollInterval, which is the heartbeat");
        Range("Consistency:MaxWait", options.Consistency.MaxWait, TimeSpan.Zero, TimeSpan.FromSeconds(30), "the database is read after it");
        if (options.Consistency.MaxStaleness is { } bound)
        {
            Range("Consistency:MaxStaleness", bound, 2 * options.Cdc.IdlePollInterval, Query.CacheTtl.Longest, "it is at least twice Cdc:IdlePollInterval, which is the heartbeat");
        }
        else if (options.Consistency.Default == ConsistencyLevel.BoundedStaleness)
        {
            failures.Add(StateStrings.NoStalenessBound(plan.PathOf("Consistency:Default")));
        }

        if (options.Consistency.Default == ConsistencyLevel.Strict && !options.Cdc.Enabled)
        {
            failures.Add(StateStrings.StrictWithoutListener(plan.PathOf("Consistency:Default"), plan.PathOf("Cdc:Enabled")));
        }

        if (options.Consistency.Isolation is not (null or IsolationLevel.ReadCommitted or IsolationLevel.RepeatableRead or IsolationLevel.Serializable))
        {
            failures.Add(StateStrings.IsolationNotSupported);
        }

        if (options.Consistency.CheckRate is not (>= 0 and <= 1))
        {
            failures.Add(StateStrings.OptionOutOfRange(
                plan.PathOf("Consistency:CheckRate"), options.Consistency.CheckRate.ToString(System.Globalization.CultureInfo.InvariantCulture), "0", "1", "it is a share of the hits"));
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Range(string key, TimeSpan value, TimeSpan least, TimeSpan most, string why)
        {
            if (value < least || value > most)
            {
                failures.Add(StateStrings.OptionOutOfRange(plan.PathOf(key), value.ToString(), least.ToString(), most.ToString(), why));
            }
        }

        void Number(string key, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                failures.Add(StateStrings.OptionOutOfRange(plan.PathOf(key), $"{value}", $"{least}", $"{most}", null));
            }
        }
    }
}
