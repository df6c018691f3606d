namespace FraiseQL.EfCore.State;

/// <summary>
/// Events that no attempt of a handler could handle, and those that wait behind them because they are of the same entity. They are kept in
/// the database, across restarts, until somebody has them retried, skips or purges them; events of other entities go on meanwhile.
/// </summary>
/// <remarks>
/// Thread-safe. <c>AddFraiseQLState&lt;TContext&gt;()</c> registers it: that of the first context as it is, those of all contexts under their
/// type as the service key. It works on every node, whichever runs the handlers. A database that cannot be reached is an exception here.
/// </remarks>
public interface IDeadLetters
{
    /// <summary>Lists parked events, the oldest of each group first.</summary>
    /// <param name="group">Only those of this group of handlers; <see langword="null"/> for all.</param>
    /// <param name="limit">The most to list. At least 1.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The events.</returns>
    Task<IReadOnlyList<DeadLetter>> ListAsync(string? group = null, int limit = 100, CancellationToken cancellationToken = default);

    /// <summary>Counts parked events.</summary>
    /// <param name="group">Only those of this group of handlers; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>How many there are, those that only wait for an earlier one included.</returns>
    Task<long> CountAsync(string? group = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Has everything that is parked of the letter's entity handled again, in its order, by the node that runs the group, within a second or
    /// so. An event that fails again stays parked, and those behind it.
    /// </summary>
    /// <param name="letter">One of the entity's events.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>How many events were asked for; 0 when there are none any more, or somebody else has asked already.</returns>
    Task<int> RetryAsync(DeadLetter letter, CancellationToken cancellationToken = default);

    /// <summary>Has everything that is parked handled again.</summary>
    /// <param name="group">Only that of this group of handlers; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>How many events were asked for; those that somebody else has asked for already are not counted.</returns>
    Task<int> RetryAllAsync(string? group = null, CancellationToken cancellationToken = default);

    /// <summary>Gives one event up, and has those that wait behind it handled.</summary>
    /// <param name="letter">The event.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>Whether it was there.</returns>
    Task<bool> SkipAsync(DeadLetter letter, CancellationToken cancellationToken = default);

    /// <summary>Gives all parked events up. The next event of each of their entities is handled again.</summary>
    /// <param name="group">Only those of this group of handlers; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>How many there were.</returns>
    Task<int> PurgeAsync(string? group = null, CancellationToken cancellationToken = default);
}
