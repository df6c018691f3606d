namespace FraiseQL.EfCore.State;

/// <summary>What the first cache level is.</summary>
public enum L1Backend
{
    /// <summary>This process's memory.</summary>
    Memory,
}
