namespace FraiseQL.EfCore.State;

/// <summary>Where a group of handlers is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Node">The machine and process that run it, as <c>machine/1234</c>; <see langword="null"/> when none does.</param>
/// <param name="IsPaused">Whether somebody has it wait.</param>
/// <param name="IsExpired">Whether it was so far behind that events were removed from the log before it had seen them.</param>
/// <param name="Waiting">Events of the log, of whatever table, that it has not passed yet; counted up to 10 000.</param>
/// <param name="Parked">Its dead letters, those that only wait for an earlier one included.</param>
/// <param name="UpdatedAt">When it was last heard of, by the database's clock, in UTC.</param>
public sealed record HandlerGroupState(
    string Name, string? Node, bool IsPaused, bool IsExpired, long Waiting, long Parked, DateTimeOffset UpdatedAt);
