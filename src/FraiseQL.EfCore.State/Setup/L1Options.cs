namespace FraiseQL.EfCore.State;

/// <summary>The first cache level: this process's memory.</summary>
public sealed class L1Options
{
    /// <summary>The most that cached results may take in this process, in megabytes of 1 048 576 bytes.</summary>
    /// <value>The default value is 500.</value>
    public int MaxSizeMb { get; set; } = 500;

    /// <summary>What the first level is.</summary>
    /// <value>The default value, and the only one, is <see cref="L1Backend.Memory"/>.</value>
    public L1Backend Backend { get; set; } = L1Backend.Memory;

    /// <summary>What leaves memory when it is full.</summary>
    /// <value>The default value is <see cref="L1Eviction.Clock"/>.</value>
    public L1Eviction Eviction { get; set; } = L1Eviction.Clock;
}
