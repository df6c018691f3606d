using FraiseQL.EfCore.State.Migrations;

namespace FraiseQL.EfCore.State.Health;

/// <summary>What the database said when it was asked for the checks.</summary>
/// <param name="Failure">Why it could not be asked, without an address or a value; <see langword="null"/> when it answered.</param>
/// <param name="Capture">Whether changes are captured as the model says; <see langword="null"/> when that is not known.</param>
/// <param name="Groups">The groups of handlers of the context.</param>
/// <param name="GroupsFailure">Why the groups could not be asked for, when everything else could.</param>
/// <param name="RoundTrip">The time from a NOTIFY to the listener's hearing of it; <see langword="null"/> when none was sent or it was not heard.</param>
/// <param name="IsDeaf">Whether a NOTIFY was sent, and the connected listener did not hear of it.</param>
internal sealed record DatabaseLook(
    string? Failure, CaptureReport? Capture, IReadOnlyList<GroupLook> Groups, string? GroupsFailure = null, TimeSpan? RoundTrip = null, bool IsDeaf = false);

/// <summary>What waits for a group of handlers, in the whole cluster.</summary>
/// <param name="Group">Its name.</param>
/// <param name="IsKnown">Whether a node has ever run it.</param>
/// <param name="IsRun">Whether a node runs it now.</param>
/// <param name="IsPaused">Whether somebody has paused it (<see cref="IHandlerGroups"/>), so that no node runs it.</param>
/// <param name="IsExpired">Whether it was so far behind that the log no longer waits for it.</param>
/// <param name="Waiting">Events between its position and the end of the log, up to <see cref="DatabaseLooks.MostCounted"/>.</param>
/// <param name="Late">Those of them that were written more than a second ago.</param>
/// <param name="Oldest">How long the oldest has waited.</param>
/// <param name="DeadLetters">Parked events.</param>
internal sealed record GroupLook(
    string Group, bool IsKnown, bool IsRun, bool IsPaused, bool IsExpired, long Waiting, long Late, TimeSpan Oldest, long DeadLetters);
