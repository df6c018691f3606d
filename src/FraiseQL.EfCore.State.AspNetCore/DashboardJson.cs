using System.Text.Json.Serialization;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>The forms of the API's answers and requests.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StateAnswer))]
[JsonSerializable(typeof(QueriesAnswer))]
[JsonSerializable(typeof(ExplainAnswer))]
[JsonSerializable(typeof(DeadLettersAnswer))]
[JsonSerializable(typeof(EventAnswer))]
[JsonSerializable(typeof(ActionAnswer))]
[JsonSerializable(typeof(ActionRequest))]
internal sealed partial class DashboardJson : JsonSerializerContext;

internal sealed record StateAnswer(
    DateTimeOffset Now, string Application, string Environment, string Context, IReadOnlyList<string> Contexts, bool AllowsActions, bool ShowsPayloads,
    MemoryAnswer Memory, SharedAnswer? Shared, ListenerAnswer Listener, IReadOnlyList<HandlerGroupState> Groups, string? GroupsError,
    ConsistencyAnswer Consistency, IReadOnlyList<HealthAnswer>? Health, IReadOnlyList<WarmupAnswer> Warmups, IReadOnlyList<string> Entities);

internal sealed record MemoryAnswer(bool Enabled, long Bytes, long MaxBytes, long Entries, long L1Hits, long L2Hits, long StaleHits, long Misses, long Bypasses, double HitRatio);

internal sealed record SharedAnswer(bool IsLeftAlone, long Reads, long Hits, long Writes, long Failures, long Timeouts, long Skipped, int PendingWrites);

/// <summary>The lag is in milliseconds since the log had been read to its end, and <see langword="null"/> before the first time.</summary>
internal sealed record ListenerAnswer(
    bool Enabled, bool Connected, double? Lag, long Pending, long Changes, long Invalidations, IReadOnlyList<string> Problems);

internal sealed record ConsistencyAnswer(double CheckRate, long Consistent, long Changed, long Inconsistent, long Skipped, double Ratio);

internal sealed record HealthAnswer(string Name, string Status, string? Description, double Milliseconds);

internal sealed record WarmupAnswer(string Name, WarmupState State, int Runs, DateTimeOffset? EndedAt, double? Milliseconds, string? Error);

internal sealed record QueriesAnswer(IReadOnlyList<QueryAnswer> Queries);

/// <summary>Times are in milliseconds, but for the time to live, in seconds.</summary>
internal sealed record QueryAnswer(
    string Id, string? Name, string? Text, long Requests, long L1Hits, long L2Hits, long StaleHits, long Misses, long Bypasses,
    IReadOnlyDictionary<string, long> BypassReasons, double HitRatio, long Entries, long Bytes, long Rows, double? AverageHit, double? AverageMiss,
    long EndedByChange, long Expired, double? AverageAgeAtChange, double? MedianAgeAtChange, double? Ttl, double? SuggestedTtl, string Advice);

internal sealed record ExplainAnswer(QueryAnswer Query, IReadOnlyList<ExplainLine> Lines);

internal sealed record ExplainLine(string Name, string Value);

internal sealed record DeadLettersAnswer(IReadOnlyList<DeadLetterAnswer> Letters, long Total);

internal sealed record DeadLetterAnswer(
    string Group, string Entity, long Seq, int Attempts, string? Error, DateTimeOffset ParkedAt, bool IsRetryRequested, string? Key);

internal sealed record EventAnswer(string Id, string Type, string Entity, ChangeKind Kind, DateTimeOffset At, string? EntityId, string? Payload);

internal sealed record ActionAnswer(bool Done, string Message);

internal sealed record ActionRequest(string? Context, string? Target, string? Name, string? Group, long? Seq);
