namespace FraiseQL.EfCore.State;

/// <summary>How the pause between attempts grows.</summary>
public enum RetryBackoff
{
    /// <summary>It doubles.</summary>
    Exponential,

    /// <summary>It grows by the same amount.</summary>
    Linear,

    /// <summary>It stays the same.</summary>
    Fixed,
}
