namespace FraiseQL.EfCore.State;

/// <summary>What a handler has beside the event.</summary>
/// <remarks>Belongs to one attempt; not thread-safe, as its services are not.</remarks>
public sealed class ChangeContext
{
    internal ChangeContext(IServiceProvider services, int attempt)
    {
        Services = services;
        Attempt = attempt;
    }

    /// <summary>The services of this attempt's scope: a context resolved here is fresh, and disposed when the handler returns.</summary>
    public IServiceProvider Services { get; }

    /// <summary>1 for the first attempt of this delivery, 2 for the next, and so on. A delivery after a crash begins at 1 again.</summary>
    public int Attempt { get; }
}
