namespace FraiseQL.EfCore.State;

/// <summary>
/// What the consistency checker has found: hits that were read from the database once more in the background, at a snapshot common to several of them,
/// and compared with what had been served. A service of the application once <c>AddFraiseQLState</c> was called; <c>Consistency:CheckRate</c> switches the
/// checker on.
/// </summary>
/// <remarks>Thread-safe. Counts are those of this process since its start.</remarks>
public interface IConsistencyChecks
{
    /// <summary>Hits that were what the database answered.</summary>
    long Consistent { get; }

    /// <summary>Hits that the database answered otherwise, because the rows had changed meanwhile, as this node knew soon after.</summary>
    long Changed { get; }

    /// <summary>Hits that the database answered otherwise, although this node believed them to be fresh: each is a fault.</summary>
    long Inconsistent { get; }

    /// <summary>
    /// Sampled hits that could not be judged: split queries, what may be stale by declaration, queries whose answer the database itself does not
    /// determine (rows cut off without a complete order), or a database or a listener that did not answer.
    /// </summary>
    long Skipped { get; }

    /// <summary>Sampled hits for which there was no room: one is checked at a time, and few wait.</summary>
    long Dropped { get; }

    /// <summary>The share of consistent hits among those that were judged and had not changed meanwhile; 1 before the first.</summary>
    double Ratio { get; }

    /// <summary>The last violations, oldest first, at most 16.</summary>
    IReadOnlyList<ConsistencyViolation> Violations { get; }

    /// <summary>Has an action called for each violation, on the checker's thread. What it throws is ignored.</summary>
    /// <param name="action">The action.</param>
    /// <returns>Ends it when it is disposed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="action"/> is <see langword="null"/>.</exception>
    IDisposable OnViolation(Action<ConsistencyViolation> action);
}
