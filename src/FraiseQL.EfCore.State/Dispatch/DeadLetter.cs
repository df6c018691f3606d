namespace FraiseQL.EfCore.State;

/// <summary>An event that is parked.</summary>
/// <param name="Group">The group of handlers that could not handle it.</param>
/// <param name="EntityType">The short name of its entity type.</param>
/// <param name="Key">The entity's key, as JSON; <c>*</c> for a truncate.</param>
/// <param name="Seq">The event's position in the log.</param>
/// <param name="Attempts">How often it was tried; 0 when it only waits for an earlier event of its entity.</param>
/// <param name="Error">What the last attempt threw, or why it waits.</param>
/// <param name="ParkedAt">When it was parked, by the database's clock, in UTC.</param>
/// <param name="IsRetryRequested">Whether it is about to be handled again.</param>
public sealed record DeadLetter(
    string Group, string EntityType, string Key, long Seq, int Attempts, string? Error, DateTimeOffset ParkedAt, bool IsRetryRequested);
