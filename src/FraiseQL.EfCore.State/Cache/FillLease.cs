namespace FraiseQL.EfCore.State.Cache;

/// <summary>What one node holds on the shared server while it reads the database for a key, so that the others wait for its entry. Ends by itself.</summary>
/// <param name="name">Its key there.</param>
/// <param name="endsAt">The timestamp after which it is somebody else's, if it is anybody's.</param>
internal sealed class FillLease(string name, long endsAt)
{
    public string Name { get; } = name;

    public long EndsAt { get; } = endsAt;

    /// <summary>Whether the entry is on its way to the shared server: the lease ends when it is there.</summary>
    public bool IsHandedOn { get; set; }
}
