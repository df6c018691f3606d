namespace FraiseQL.EfCore.State;

/// <summary>What ends cached results, and how the changes that do are read.</summary>
public sealed class InvalidationOptions
{
    /// <summary>
    /// Which changes end the results of queries that do not say it themselves. Anything but <see cref="InvalidationStrategy.Cascade"/> is a relaxation:
    /// rows may be served that a known change has made untrue, until their time to live ends; the log says so when the host starts. It never applies to
    /// queries that ask for a consistency level, to split queries, views and SQL of the application.
    /// </summary>
    /// <value>The default value is <see cref="InvalidationStrategy.Cascade"/>.</value>
    public InvalidationStrategy Strategy { get; set; } = InvalidationStrategy.Cascade;

    /// <summary>How many changes are taken from the log, and end what depends on them, in one step. It bounds what a look at a long backlog holds in memory.</summary>
    /// <value>The default value is 5 000. From 1 to 1 000 000.</value>
    public int BatchSize { get; set; } = 5_000;

    /// <summary>
    /// How long the listener waits after a notification before it looks at the log, so that the changes of that time cost one look. Changes of other
    /// programs and nodes are seen that much later. This node's own writes, strict queries and tokens never wait for it.
    /// </summary>
    /// <value>The default value is zero: it looks at once. Less than half of <see cref="ConsistencyOptions.MaxSilence"/>.</value>
    public TimeSpan Delay { get; set; }
}
