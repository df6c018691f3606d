using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State;

/// <summary>
/// How the health checks judge what they see. All of them look at one context, and none changes anything in the database. Bound from <c>Diagnostics:Health</c> of
/// the section given to <c>AddFraiseQLState</c> (by convention <c>FraiseQL:State</c>), but for the tags.
/// </summary>
/// <remarks>Settable until the host starts; read-only afterwards. Not thread-safe while being set.</remarks>
public sealed class FraiseQLStateHealthOptions
{
    /// <summary>
    /// What a check reports when something is wrong. The application goes on without a shared cache, a listener or a trigger, and the database
    /// answers, so nothing of it is a reason to take a node out of service.
    /// </summary>
    /// <value>The default value is <see cref="HealthStatus.Degraded"/>.</value>
    public HealthStatus FailureStatus { get; set; } = HealthStatus.Degraded;

    /// <summary>How long a check may take, from the question to the database or the shared cache to its answer.</summary>
    /// <value>The default value is 5 seconds. From 100 ms to 5 minutes.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The tags of all checks but <c>fraiseql:live</c>.</summary>
    /// <value>At first <c>ready</c> and <c>fraiseql</c>.</value>
    public IList<string> Tags { get; } = ["ready", "fraiseql"];

    /// <summary>The tags of <c>fraiseql:live</c>, which asks no server: it fails when the listener's own loop has stopped, which a restart would mend.</summary>
    /// <value>At first <c>live</c> and <c>fraiseql</c>.</value>
    public IList<string> LiveTags { get; } = ["live", "fraiseql"];

    /// <summary>
    /// The response time of the shared cache above which its check fails, as the median of the last nine reads, three of each check: one slow answer is not a
    /// slow server.
    /// </summary>
    /// <value>The default value is 5 ms. <see langword="null"/> measures and does not judge.</value>
    public TimeSpan? MaxResponseTime { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How long ago the listener may have read its log to the end, before its check fails.</summary>
    /// <value>The default value is <see langword="null"/>: <c>Consistency:MaxSilence</c>, after which the cache is not used either.</value>
    public TimeSpan? MaxSilence { get; set; }

    /// <summary>The events that may wait for a group of handlers, before the check of the backlog fails. Those of the last second do not count.</summary>
    /// <value>The default value is 100. From 1 to 1 000 000.</value>
    public int MaxBacklog { get; set; } = 100;

    /// <summary>
    /// The parked events (<see cref="IDeadLetters"/>) of a group of handlers above which the check of the backlog reports <see cref="HealthStatus.Degraded"/>,
    /// whatever <see cref="FailureStatus"/> is: they wait for a person, and no other node would do better.
    /// </summary>
    /// <value>The default value is 0. <see langword="null"/> counts them and does not judge.</value>
    public int? MaxDeadLetters { get; set; } = 0;
}
