namespace FraiseQL.EfCore.State;

/// <summary>What is known of one warm-up. Immutable.</summary>
/// <param name="Name">The name under which it was registered.</param>
/// <param name="State">How far it is.</param>
/// <param name="Runs">How often it has ended, well or not.</param>
/// <param name="EndedAt">When it last ended, in UTC; <see langword="null"/> before.</param>
/// <param name="Duration">How long it last took; <see langword="null"/> before it has ended.</param>
/// <param name="Source">
/// Where the rows of its last query came from: <see cref="CacheOutcome.Miss"/> is the database, <see cref="CacheOutcome.L2Hit"/> the shared level, which
/// another node has filled, and <see cref="CacheOutcome.L1Hit"/> this process's memory.
/// </param>
/// <param name="ErrorType">The type of the exception that ended it, without its message, which may hold data; <see langword="null"/> when none did.</param>
public sealed record WarmedQuery(
    string Name, WarmupState State, int Runs, DateTimeOffset? EndedAt, TimeSpan? Duration, CacheOutcome Source, string? ErrorType);
