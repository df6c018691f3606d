namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Where a group of handlers is, whether this node runs it, and what it has put aside.</summary>
/// <remarks>Thread-safe.</remarks>
internal interface IHandlerGroup
{
    string Name { get; }

    /// <summary>Rises with each take-over.</summary>
    long Fence { get; }

    /// <summary>Whether this node may go on, by its own reckoning.</summary>
    bool IsHeld { get; }

    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    Task CheckpointAsync(LogPlace place, CancellationToken cancellationToken);

    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    Task ReleaseAsync(LogPlace place, CancellationToken cancellationToken);

    /// <summary>Puts an event aside that could not be handled.</summary>
    /// <returns>Whether its entity waits for it from now on.</returns>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    Task<bool> ParkAsync(Delivery delivery, string error, CancellationToken cancellationToken);

    /// <summary>Puts an event aside when an earlier one of its entity still is.</summary>
    /// <returns>Whether it was put aside. If not, somebody has cleared the entity, and the event is to be handled.</returns>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    Task<bool> ParkBehindAsync(Delivery delivery, CancellationToken cancellationToken);

    /// <summary>The entities that have parked events.</summary>
    Task<List<(string Entity, string Key)>> ReadParkedAsync(CancellationToken cancellationToken);

    /// <summary>The entities whose parked events are to be handled again.</summary>
    Task<List<(string Entity, string Key)>> ReadRetriesAsync(CancellationToken cancellationToken);

    /// <summary>The first parked event of an entity; <see langword="null"/> when there is none.</summary>
    Task<ParkedEvent?> ReadFirstParkedAsync((string Entity, string Key) entity, CancellationToken cancellationToken);

    /// <summary>Removes a parked event that was handled.</summary>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    Task UnparkAsync(ParkedEvent parked, CancellationToken cancellationToken);

    /// <summary>Keeps a parked event that failed again, until the next time somebody asks.</summary>
    /// <exception cref="LeaseLostException">Another node has taken the group over.</exception>
    Task ParkAgainAsync(ParkedEvent parked, int attempts, string error, CancellationToken cancellationToken);

    /// <summary>Forgets what handlers noted of events that cannot come again.</summary>
    Task PruneInboxAsync(CancellationToken cancellationToken);
}
