namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The handlers that run on every node: this node's position is in memory, and nobody can take it over.</summary>
/// <remarks>Thread-safe. It lives as long as the host, across connections.</remarks>
internal sealed class BroadcastGroup(string name) : IHandlerGroup
{
    private volatile LogPlace? _place;

    /// <summary>Up to where everything is done; <see langword="null"/> before the first connection.</summary>
    public LogPlace? Place
    {
        get => _place;
        set => _place = value;
    }

    /// <summary>Which log the place belongs to.</summary>
    public string Log { get; set; } = "";

    public string Name => name;

    public long Fence => 0;

    public bool IsHeld => true;

    public Task CheckpointAsync(LogPlace place, CancellationToken cancellationToken)
    {
        _place = place;
        return Task.CompletedTask;
    }

    public Task ReleaseAsync(LogPlace place, CancellationToken cancellationToken) => CheckpointAsync(place, cancellationToken);

    /// <summary>An event that fails on one node is no reason to withhold later ones from it: what it shows next will be newer.</summary>
    public Task<bool> ParkAsync(Delivery delivery, string error, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task<bool> ParkBehindAsync(Delivery delivery, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task<List<(string Entity, string Key)>> ReadParkedAsync(CancellationToken cancellationToken)
        => Task.FromResult(new List<(string, string)>());

    public Task<List<(string Entity, string Key)>> ReadRetriesAsync(CancellationToken cancellationToken) => ReadParkedAsync(cancellationToken);

    public Task<ParkedEvent?> ReadFirstParkedAsync((string Entity, string Key) entity, CancellationToken cancellationToken)
        => Task.FromResult<ParkedEvent?>(null);

    public Task UnparkAsync(ParkedEvent parked, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ParkAgainAsync(ParkedEvent parked, int attempts, string error, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task PruneInboxAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
