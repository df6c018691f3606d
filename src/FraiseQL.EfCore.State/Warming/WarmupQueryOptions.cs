namespace FraiseQL.EfCore.State;

/// <summary>How one warm-up is run.</summary>
/// <remarks>Used while services are registered; not thread-safe.</remarks>
public sealed class WarmupQueryOptions
{
    internal TimeSpan? KeepsWarmEvery { get; private set; }

    /// <summary>
    /// Runs it again when a change, or the time to live, has ended what it cached, so that hardly a request has to wait for it. Changes that follow
    /// each other closely cost one run.
    /// </summary>
    /// <param name="atMostEvery">The shortest time between two runs: from 10 ms to 1 day; 1 second if it is not said.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="atMostEvery"/> is out of its range.</exception>
    public WarmupQueryOptions KeepWarm(TimeSpan? atMostEvery = null)
    {
        var every = atMostEvery ?? TimeSpan.FromSeconds(1);
        if (every < TimeSpan.FromMilliseconds(10) || every > TimeSpan.FromDays(1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(atMostEvery), StateStrings.OptionOutOfRange("KeepWarm", every.ToString(), "00:00:00.01", "1.00:00:00", "the database is asked that often"));
        }

        KeepsWarmEvery = every;
        return this;
    }
}
