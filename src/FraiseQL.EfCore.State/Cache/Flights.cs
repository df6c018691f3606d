using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Keys;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// One database query for any number of concurrent misses of a key. The leader runs it on its own context; if it fails or is cancelled,
/// nobody else does: the next of those who wait becomes the leader.
/// </summary>
/// <remarks>Thread-safe. Whoever joins must check the entry's freshness against its own time, not the leader's.</remarks>
internal sealed class Flights
{
    private readonly ConcurrentDictionary<CacheKey, Flight> _flights = new();

    /// <summary>Begins the flight, or answers the one that is under way.</summary>
    public bool TryLead(CacheKey key, out Flight flight)
    {
        var mine = new Flight(this, key);
        flight = _flights.GetOrAdd(key, mine);
        return ReferenceEquals(flight, mine);
    }

    /// <summary>How a flight ended.</summary>
    /// <param name="Entry">The entry, or <see langword="null"/> when there is none to share.</param>
    /// <param name="LeaderLeft">Whether there is none only because the leader was cancelled: somebody else may lead.</param>
    internal readonly record struct Landing(CachedEntry? Entry, bool LeaderLeft);

    internal sealed class Flight(Flights owner, CacheKey key)
    {
        private readonly TaskCompletionSource<Landing> _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Never faults.</summary>
        public Task<Landing> Landed => _landed.Task;

        /// <summary>Ends the flight. Must be called by the leader on every path.</summary>
        public void Land(CachedEntry? entry, bool leaderLeft)
        {
            owner._flights.TryRemove(new KeyValuePair<CacheKey, Flight>(key, this));
            _landed.TrySetResult(new Landing(entry, leaderLeft));
        }
    }
}
